"""Ask a server of this container for its health: `python -IS probe.py PORT PATH` exits with 0 if it answers with 200.

It imports nothing but sockets, because health checks run for ever: a whole `onestory health` costs fifty times as much.
"""

import socket
import sys

TIMEOUT_SECONDS = 5


def status_of(port: int, path: str) -> str:
    """The status line of the answer. Raises OSError if there is none in time."""
    with socket.create_connection(("127.0.0.1", port), TIMEOUT_SECONDS) as connection:
        connection.sendall(f"GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
        with connection.makefile("rb") as answer:
            head, _, body = answer.read(4096).partition(b"\r\n\r\n")
    said = body.decode(errors="replace").strip()
    return f"{head.splitlines()[0].decode(errors='replace') if head else 'no answer'} {said}"


def main() -> int:
    try:
        found = status_of(int(sys.argv[1]), sys.argv[2])
    except OSError as error:
        found = f"no answer: {error}"
    sys.stdout.write(f"{found}\n")
    return 0 if found.split()[1:2] == ["200"] else 1


if __name__ == "__main__":
    sys.exit(main())
