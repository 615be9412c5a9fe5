"""What can be wrong with the index.

    DedupeError
    ├── SignatureBroken       bytes that are no signature
    ├── ParametersDiffer      the index was built with other parameters
    ├── EvictionPolicyUnsafe  Redis would drop bands when it is full
    ├── ServerTooOld          the server lacks what the script needs
    └── IndexLost             the index has no generation, or another one

A leaf carries its data and a stable ``reason``.
"""

__all__ = [
    "DedupeError",
    "EvictionPolicyUnsafe",
    "IndexLost",
    "ParametersDiffer",
    "ServerTooOld",
    "SignatureCorrupt",
]


class DedupeError(Exception):
    """Base of everything raised by this package on purpose."""

    reason = "dedupe"


class SignatureCorrupt(DedupeError):  # noqa: N818
    """Bytes that no `Signature.to_bytes` made."""

    reason = "signature_broken"

    def __init__(self, problem: str) -> None:
        super().__init__(f"not a signature: {problem}")
        self.problem = problem


class ParametersDiffer(DedupeError):  # noqa: N818
    """The index holds bands of other parameters, and would silently find nothing."""

    reason = "parameters_differ"

    def __init__(self, found: str, wanted: str) -> None:
        super().__init__(f"the index was built with {found!r}, this process wants {wanted!r}; rebuild it")
        self.found = found
        self.wanted = wanted


class EvictionPolicyUnsafe(DedupeError):  # noqa: N818
    """A full server would evict bands, and copies would be missed without a word."""

    reason = "eviction_policy_unsafe"

    def __init__(self, policy: str) -> None:
        super().__init__(f"Redis has maxmemory-policy {policy!r}; the index needs 'noeviction'")
        self.policy = policy


class ServerTooOld(DedupeError):  # noqa: N818
    """The server is older than the oldest version that is tested."""

    reason = "server_too_old"

    def __init__(self, found: str, wanted: str) -> None:
        super().__init__(f"the server is version {found}; the index needs Redis or Valkey {wanted} or later")
        self.found = found
        self.wanted = wanted


class IndexLost(DedupeError):  # noqa: N818
    """The index lacks the generation that the caller counts on: flushed, replaced or never created."""

    reason = "index_lost"

    def __init__(self, found: str | None, wanted: str | None) -> None:
        super().__init__(f"the index has generation {found!r}, expected {wanted!r}; rebuild it")
        self.found = found
        self.wanted = wanted
