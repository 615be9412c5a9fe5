"""Logging of long-running commands: plain lines, or JSON lines with `ONESTORY_LOG_JSON=1`."""

import logging
import sys
from datetime import UTC, datetime

import orjson

__all__ = ["configure_logging"]


def configure_logging(*, as_json: bool) -> None:
    """Log Onestory's messages from INFO up, those of libraries from WARNING up."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines() if as_json else logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in ("onestory",):
        logging.getLogger(name).setLevel(logging.INFO)


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return orjson.dumps(line).decode()
