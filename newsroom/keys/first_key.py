"""Whether a server requires keys, and the first admin key, without which nobody could sign in."""

from urllib.parse import urlsplit

from onestory.config import Config
from onestory.errors import BadInput
from onestory.newsroom.http.request_guard import is_loopback
from onestory.newsroom.terminal.console import open_store
from onestory.store.access.api_keys import CreatedKey, add_first_admin_key, has_admin_key, import_environment_key
from onestory.times import utc_now

__all__ = ["FIRST_KEY_NAME", "NoAdminKey", "ensure_first_key", "prepare_admin_key", "requires_keys"]

FIRST_KEY_NAME = "first admin"


class NoAdminKey(BadInput):
    reason = "no_key"


def requires_keys(host: str, *, require_keys: bool = False, public_url: str | None = None) -> bool:
    """Whether keys are required: always off loopback; on loopback by configuration, or for a public URL elsewhere."""
    public = urlsplit(public_url or "").hostname
    return require_keys or not is_loopback(host) or (public is not None and not is_loopback(public))


def prepare_admin_key(config: Config, *, host: str) -> None:
    """Import the admin key of the configuration. Raises NoAdminKey if keys are required and none exists."""
    asks = requires_keys(host, require_keys=config.require_keys, public_url=config.public_url)
    if not asks and config.admin_key is None:
        return
    with open_store(config) as store:
        if config.admin_key is not None:
            with store.write() as connection:
                import_environment_key(connection, config.admin_key, now=utc_now())
        with store.read() as connection:
            if asks and not has_admin_key(connection):
                raise NoAdminKey(
                    f"keys are required on {host}, and there is no admin key: make one with `onestory keys add NAME "
                    "--scope admin`, or name a file that contains one in ONESTORY_ADMIN_KEY_FILE"
                )


def ensure_first_key(config: Config) -> CreatedKey | None:
    """Import the configured admin key. If there is no admin key at all, make one."""
    with open_store(config) as store, store.write() as connection:
        now = utc_now()
        if config.admin_key is not None:
            import_environment_key(connection, config.admin_key, now=now)
        return add_first_admin_key(connection, FIRST_KEY_NAME, now=now)
