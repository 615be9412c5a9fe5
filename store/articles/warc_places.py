"""Where in a WARC file the page of a version is."""

from sqlalchemy import Connection, update

from onestory.store.schema import versions

__all__ = ["forget_warc_file"]


def forget_warc_file(connection: Connection, name: str) -> None:
    """Forget the places in a file that is no longer kept."""
    connection.execute(update(versions).where(versions.c.warc_file == name).values(warc_file=None, warc_offset=None))
