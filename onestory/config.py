"""Settings from the environment, read once and validated. Every variable NAME may also be given as NAME_FILE, the path
of a file that holds the value.
"""

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from pathlib import Path
from typing import Literal
from urllib.parse import quote, urlsplit

from onestory.errors import BadInput

__all__ = ["AlertSettings", "Config", "sqlite_url"]

DEFAULT_HOME = "onestory-data"
ORIGIN_PATTERN = re.compile(r"https?://([a-z0-9.-]+|\[[0-9a-f:]+\])(:\d{1,5})?")
ADMIN_KEY_PATTERN = re.compile(r"[A-Za-z0-9_.~+/=-]{32,200}")
RETENTION_KINDS = ("events", "removed-lines", "earlier-texts", "warcs", "pages")
TRUE, FALSE = {"1", "true", "yes", "on"}, {"", "0", "false", "no", "off"}


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """Who is alerted: addresses, and a webhook. `quiet` is the begin and the end of quiet hours, in local time."""

    mail: tuple[str, ...] = ()
    webhook: str | None = field(default=None, repr=False)
    quiet: tuple[time, time] | None = None

    @property
    def is_set(self) -> bool:
        return bool(self.mail or self.webhook)


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of one run.

    `redis_url` is None for the embedded server of this home. `contact` is the address in the user agent, for
    publishers. `allow_private` lists private hosts and networks that a crawl may reach. `warc_dir`, where set, is the
    folder that keeps fetched pages. `cors_origins` lists the sites whose pages may read the API. `rate_limit` is the
    number of API requests per client and minute: 0 sets no limit, None uses the default for the listening address.
    `admin_key` is an admin key of this store. `require_keys` asks for keys on loopback as well. `public_url` is the
    origin under which readers reach the pages. `smtp_url` is the mail server, `mail_from` the sender of mails.
    `alerts` says who is alerted. `retention` has the days that are given for fields of `store.settings.Retention`.
    `semantic` says whether stories get embeddings: auto is yes where the extra is installed.
    `digest_mail` are the addresses that get a digest from `digest_hour` on, in local time.
    """

    home: Path
    database_url: str = field(repr=False)
    redis_url: str | None = field(repr=False)
    contact: str | None
    allow_private: tuple[str, ...]
    workers: int
    log_json: bool
    sources_file: Path | None
    warc_dir: Path | None = None
    cors_origins: tuple[str, ...] = ()
    rate_limit: int | None = None
    admin_key: str | None = field(default=None, repr=False)
    require_keys: bool = False
    public_url: str | None = None
    smtp_url: str | None = field(default=None, repr=False)
    mail_from: str | None = None
    alerts: AlertSettings = AlertSettings()
    retention: Mapping[str, int] = field(default_factory=dict)
    digest_mail: tuple[str, ...] = ()
    digest_hour: int = 7
    semantic: Literal["auto", "on", "off"] = "auto"

    @classmethod
    def read(cls, environ: Mapping[str, str] | None = None, *, home: Path | None = None) -> "Config":
        """Read the settings. Raises BadInput that names the invalid variable."""
        env = os.environ if environ is None else environ
        place = (home or Path(_value(env, "ONESTORY_HOME") or DEFAULT_HOME)).absolute()
        sources = _value(env, "ONESTORY_SOURCES")
        warcs = _value(env, "ONESTORY_WARC_DIR")
        return cls(
            home=place,
            database_url=_database_url(env, place),
            redis_url=_redis_url(env),
            contact=_value(env, "ONESTORY_CONTACT"),
            allow_private=_networks(_value(env, "ONESTORY_ALLOW_PRIVATE") or ""),
            workers=_count(env, "ONESTORY_WORKERS", default=os.cpu_count() or 1),
            log_json=_switch(env, "ONESTORY_LOG_JSON"),
            sources_file=Path(sources) if sources else None,
            warc_dir=Path(warcs) if warcs else None,
            cors_origins=_origins(_value(env, "ONESTORY_CORS_ORIGINS") or ""),
            rate_limit=_limit(env, "ONESTORY_RATE_LIMIT"),
            admin_key=_admin_key(env),
            require_keys=_switch(env, "ONESTORY_REQUIRE_KEYS"),
            public_url=_public_url(_value(env, "ONESTORY_PUBLIC_URL")),
            smtp_url=_value(env, "ONESTORY_SMTP_URL"),
            mail_from=_value(env, "ONESTORY_MAIL_FROM"),
            alerts=_alerts(env),
            retention=_retention(_value(env, "ONESTORY_RETENTION") or ""),
            digest_mail=_mails(env, "ONESTORY_DIGEST_MAIL"),
            digest_hour=_hour(env, "ONESTORY_DIGEST_HOUR", default=7),
            semantic=_semantic(env),
        )


def _value(env: Mapping[str, str], name: str) -> str | None:
    path = env.get(f"{name}_FILE")
    if not path:
        return env.get(name, "").strip() or None
    if env.get(name):
        raise BadInput(f"{name} and {name}_FILE are both set: set only one")
    try:
        return Path(path).read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{name}_FILE: {path} cannot be read: {error}") from error


def _semantic(env: Mapping[str, str]) -> Literal["auto", "on", "off"]:
    if _value(env, "ONESTORY_SEMANTIC") in (None, "auto"):
        return "auto"
    return "on" if _switch(env, "ONESTORY_SEMANTIC") else "off"


def _retention(given: str) -> dict[str, int]:
    """From `earlier-texts=365, warcs=180`; the days by field."""
    kept = {}
    for part in filter(None, (part.strip() for part in given.split(","))):
        kind, _, days = part.partition("=")
        if kind.strip() not in RETENTION_KINDS or not days.strip().isdecimal() or not 1 <= int(days) <= 3650:
            raise BadInput(
                f"ONESTORY_RETENTION: {part[:60]!r} is not KIND=DAYS, with 1 to 3650 days for one of "
                f"{', '.join(RETENTION_KINDS)}"
            )
        kept[f"{kind.strip().replace('-', '_')}_days"] = int(days)
    return kept


def _database_url(env: Mapping[str, str], home: Path) -> str:
    """The database URL, with the separately given password inserted."""
    url = _value(env, "ONESTORY_DATABASE_URL") or sqlite_url(home)
    password = _value(env, "ONESTORY_DATABASE_PASSWORD")
    if password is None:
        return url
    scheme, _, rest = url.partition("://")
    user, at, place = rest.partition("@")
    if not at or ":" in user:
        raise BadInput("ONESTORY_DATABASE_PASSWORD needs an ONESTORY_DATABASE_URL with a user name and no password")
    return f"{scheme}://{user}:{quote(password, safe='')}@{place}"


def _redis_url(env: Mapping[str, str]) -> str | None:
    """The URL of Redis, with the separately given password inserted. A user name in it is optional."""
    url = _value(env, "ONESTORY_REDIS_URL")
    password = _value(env, "ONESTORY_REDIS_PASSWORD")
    if password is None:
        return url
    scheme, mark, rest = (url or "").partition("://")
    user, _, place = rest.rpartition("@")
    if not mark or ":" in user or scheme == "unix":
        raise BadInput(
            "ONESTORY_REDIS_PASSWORD needs an ONESTORY_REDIS_URL without a password, as in redis://host:6379"
        )
    return f"{scheme}://{user}:{quote(password, safe='')}@{place}"


def sqlite_url(home: Path) -> str:
    """The URL of the SQLite store in this data folder, whose path may hold any character.

    Raises BadInput for a path that is no UTF-8, which SQLite cannot open.
    """
    try:
        return f"sqlite:///{quote(str(home / 'onestory.db'))}"
    except UnicodeEncodeError as error:
        raise BadInput(f"{os.fsencode(home)!r} is not a path in UTF-8: choose another data folder") from error


def _count(env: Mapping[str, str], name: str, *, default: int) -> int:
    value = _value(env, name)
    if value is None:
        return default
    if not value.isascii() or not value.isdigit() or not 1 <= int(value) <= 256:
        raise BadInput(f"{name} must be a whole number from 1 to 256, not {value!r}")
    return int(value)


def _switch(env: Mapping[str, str], name: str) -> bool:
    value = (_value(env, name) or "").lower()
    if value not in TRUE | FALSE:
        raise BadInput(f"{name} must be 1 or 0, not {value!r}")
    return value in TRUE


def _networks(value: str) -> tuple[str, ...]:
    """Host names and networks, the latter validated."""
    entries = tuple(entry.strip().lower() for entry in value.split(",") if entry.strip())
    for entry in entries:
        if "/" in entry or entry.replace(".", "").isdigit():
            try:
                ipaddress.ip_network(entry)
            except ValueError as error:
                raise BadInput(f"ONESTORY_ALLOW_PRIVATE: {entry!r} is not a network: {error}") from error
    return entries


def _limit(env: Mapping[str, str], name: str) -> int | None:
    value = _value(env, name)
    if value is not None and (not value.isascii() or not value.isdigit() or int(value[:8]) > 1_000_000):
        raise BadInput(f"{name} must be a whole number from 0 to 1000000, not {value[:80]!r}; 0 sets no limit")
    return None if value is None else int(value)


def _origins(value: str) -> tuple[str, ...]:
    """Origins as browsers send them. No wildcard is accepted: any page could then read what only the operator may."""
    origins = tuple(entry.strip().lower().rstrip("/") for entry in value.split(",") if entry.strip())
    for origin in origins:
        if not ORIGIN_PATTERN.fullmatch(origin):
            raise BadInput(
                f"ONESTORY_CORS_ORIGINS: {origin[:80]!r} is not an origin; it reads like https://desk.example"
            )
    return origins


def _admin_key(env: Mapping[str, str]) -> str | None:
    """The admin key, if it is strong enough. Error messages never contain it."""
    key = _value(env, "ONESTORY_ADMIN_KEY")
    if key is not None and (not ADMIN_KEY_PATTERN.fullmatch(key) or len(set(key)) < 10):
        raise BadInput(
            "ONESTORY_ADMIN_KEY is not a strong key: use 32 to 200 random letters, digits and -_.~+/=, as made by "
            "`openssl rand -hex 24`"
        )
    return key


def _alerts(env: Mapping[str, str]) -> AlertSettings:
    mail = _mails(env, "ONESTORY_ALERT_MAIL")
    webhook = _value(env, "ONESTORY_ALERT_WEBHOOK")
    if webhook and not _is_url(webhook, ("http", "https")):
        raise BadInput("ONESTORY_ALERT_WEBHOOK is not a URL that begins with https://")
    quiet = _quiet_hours(_value(env, "ONESTORY_ALERT_QUIET"))
    return AlertSettings(mail, webhook, quiet)


def _mails(env: Mapping[str, str], name: str) -> tuple[str, ...]:
    mail = tuple(one.strip() for one in (_value(env, name) or "").split(",") if one.strip())
    if mail and not _value(env, "ONESTORY_SMTP_URL"):
        raise BadInput(f"{name} needs ONESTORY_SMTP_URL, as in smtp://user@mail.example:587")
    return mail


def _hour(env: Mapping[str, str], name: str, *, default: int) -> int:
    value = _value(env, name) or str(default)
    if not (value.isascii() and value.isdigit() and int(value) <= 23):
        raise BadInput(f"{name} must be an hour from 0 to 23, not {value[:80]!r}")
    return int(value)


def _is_url(url: str | None, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(url or "")
        return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _quiet_hours(value: str | None) -> tuple[time, time] | None:
    if value is None:
        return None
    begin, _, end = value.partition("-")
    try:
        return time.fromisoformat(begin.strip()), time.fromisoformat(end.strip())
    except ValueError as error:
        raise BadInput(f"ONESTORY_ALERT_QUIET: {value[:80]!r} is not a range, as in 22:00-07:00") from error


def _public_url(value: str | None) -> str | None:
    """The public origin, as browsers send it."""
    if value is None:
        return None
    url = value.lower().rstrip("/")
    if not ORIGIN_PATTERN.fullmatch(url):
        raise BadInput(
            f"ONESTORY_PUBLIC_URL: {value[:80]!r} is not an address without a path, such as https://desk.example"
        )
    return url
