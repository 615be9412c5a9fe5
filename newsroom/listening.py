"""The socket that a server listens on."""

import errno
import socket

from store.errors import BadInput

__all__ = ["PortInUse", "open_socket", "url_of"]

BACKLOG = 512


class PortInUse(BadInput):
    reason = "port_in_use"


def open_socket(host: str, port: int) -> socket.socket:
    """Listens already; port 0 takes a free one. Raises PortInUse, BadInput for an address that is not ours."""
    if not 0 <= port <= 65_535:
        raise BadInput(f"{port} is no port: choose one from 1 to 65535, or 0 for a free one")
    # With the protocol named: asyncio switches Nagle's algorithm off only where it sees that it is TCP.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(BACKLOG)
        return listening
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            raise PortInUse(
                f"port {port} on {host} is in use: stop what holds it, or choose another with --port"
            ) from error
        raise BadInput(f"cannot listen on {host} port {port}: {error}") from error


def url_of(listening: socket.socket) -> str:
    """Where it answers."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
