"""Logging of long-running commands: plain lines, or JSON lines with `ONESTORY_LOG_JSON=1`."""

import logging
import sys
from datetime import UTC, datetime

import orjson

__all__ = ["configure_logging", "logs_as_json"]


def configure_logging(*, as_json: bool) -> None:
    """Log Onestory's messages from INFO up, those of libraries from WARNING up."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines() if as_json else logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("onestory").setLevel(logging.INFO)
    logging.captureWarnings(as_json)


def logs_as_json() -> bool:
    """Whether this process logs JSON lines: what else it says to people is then to be one, too."""
    return any(isinstance(handler.formatter, _JsonLines) for handler in logging.getLogger().handlers)


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
