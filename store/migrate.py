"""Schema upgrades, run once even if many processes start together."""

from importlib import resources

from sqlalchemy import Connection, Engine, inspect, text

from onestory.errors import HomeUnusable, SchemaTooNew
from onestory.store.queries import AdvisoryLock, hold_advisory_lock

__all__ = ["HEAD", "migrate", "schema_revision"]

# The newest file in store/migrations/versions, as a test verifies. Asking Alembic would cost every command a quarter of
# a second.
HEAD = "0019"


def migrate(engine: Engine) -> None:
    """Upgrade the schema to HEAD. Raises SchemaTooNew if it is newer."""
    with engine.connect() as connection, connection.begin():
        found = schema_revision(connection)
    if found == HEAD:
        return
    with engine.connect().execution_options(write=True) as connection, connection.begin():
        hold_advisory_lock(connection, AdvisoryLock.MIGRATION)
        found = schema_revision(connection)
        if found != HEAD:
            _upgrade(connection, found)


def schema_revision(connection: Connection) -> str | None:
    """The schema version that the store states, or None for an empty database."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all()
    if len(found) > 1:
        raise HomeUnusable(
            f"the store states {len(found)} schema versions at once: restore a backup made before the last upgrade"
        )
    return found[0] if found else None


def _upgrade(connection: Connection, found: str | None) -> None:
    from alembic import command  # noqa: PLC0415 - slow to import, and rarely needed
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(resources.files("onestory.store") / "migrations"))
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise SchemaTooNew(found)
    command.upgrade(config, "head")
