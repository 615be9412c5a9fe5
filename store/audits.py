"""The latest audit of the stories: when it was, and what it found."""

from dataclasses import asdict, dataclass
from datetime import datetime

import orjson
from sqlalchemy import Connection

from onestory.store.settings import LAST_AUDIT, read_setting, write_setting
from onestory.times import parse_iso_time

__all__ = ["AuditRecord", "read_last_audit", "write_last_audit"]


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """Counts of what was compared; `differences` is the number of groups of stories that a batch makes otherwise."""

    time: datetime
    articles: int
    stories: int
    differences: int


def read_last_audit(connection: Connection) -> AuditRecord | None:
    value = read_setting(connection, LAST_AUDIT)
    if value is None:
        return None
    told = orjson.loads(value)
    return AuditRecord(**{**told, "time": parse_iso_time(told["time"])})


def write_last_audit(connection: Connection, record: AuditRecord) -> None:
    write_setting(connection, LAST_AUDIT, orjson.dumps(asdict(record)).decode())
