"""A process that uses the embedded Redis of a home: says the server's pid, and leaves when its input ends."""

import os
import sys
from pathlib import Path

from onestory.errors import OnestoryError
from onestory.store.redis_server.embedded import EmbeddedRedis

if __name__ == "__main__":
    home, *user = sys.argv[1:]
    if user:
        os.setuid(int(user[0]))
    with EmbeddedRedis(Path(home)) as redis:
        try:
            redis.ensure()
        except OnestoryError as error:
            sys.exit(f"{error.reason}: {error}")
        sys.stdout.write(f"{redis.pid}\n")
        sys.stdout.flush()
        sys.stdin.read()
