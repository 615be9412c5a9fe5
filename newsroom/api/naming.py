"""Permanent names of our records, for formats that ask for a URI: the same whatever host serves them (RFC 9562)."""

from typing import Literal
from uuid import UUID, uuid5

__all__ = ["urn"]

# uuid5(NAMESPACE_DNS, "onestory")
NAMESPACE = UUID("44d8a380-d446-58f5-9abd-bc426153c985")


def urn(kind: Literal["story", "article", "list"], identity: str) -> str:
    return uuid5(NAMESPACE, f"{kind}:{identity}").urn
