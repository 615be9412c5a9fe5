"""Whether a server asks for keys, and that there is one to begin with: nobody could sign in to add the first."""

from datetime import UTC, datetime
from urllib.parse import urlsplit

from newsroom.api.hosts import is_loopback
from newsroom.session import opened_store
from store.config import Config
from store.errors import BadInput
from store.keys import NewKey, add_first_admin_key, adopt_key, has_admin_key

__all__ = ["FIRST_NAME", "NoKey", "asks_for_keys", "first_key", "prepare_keys"]

FIRST_NAME = "first admin"


class NoKey(BadInput):
    reason = "no_key"


def asks_for_keys(host: str, *, require_keys: bool = False, public_url: str | None = None) -> bool:
    """Off loopback always; on it where it is asked for, or where people come by a name that is not loopback's."""
    public = urlsplit(public_url or "").hostname
    return require_keys or not is_loopback(host) or (public is not None and not is_loopback(public))


def prepare_keys(config: Config, *, host: str) -> None:
    """Takes up the admin key of the configuration. Raises NoKey where keys are asked for and nobody could have one."""
    asks = asks_for_keys(host, require_keys=config.require_keys, public_url=config.public_url)
    if not asks and config.admin_key is None:
        return
    with opened_store(config) as store:
        if config.admin_key is not None:
            with store.write() as connection:
                adopt_key(connection, config.admin_key, now=datetime.now(UTC))
        with store.read() as connection:
            if asks and not has_admin_key(connection):
                raise NoKey(
                    f"on {host} keys are asked for, and there is no admin key: make one by "
                    "`onestory keys add NAME --scope admin`, or name a file that holds one in ONESTORY_ADMIN_KEY_FILE"
                )


def first_key(config: Config) -> NewKey | None:
    """The admin key of the configuration is taken up; without one, and without any admin key, a new one."""
    with opened_store(config) as store, store.write() as connection:
        now = datetime.now(UTC)
        if config.admin_key is not None:
            adopt_key(connection, config.admin_key, now=now)
        return add_first_admin_key(connection, FIRST_NAME, now=now)
