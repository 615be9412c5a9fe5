"""The addresses of dispatches: texts that an agency or the operator's own system filed, and that have no page.

A dispatch is stored as an article, whose identity is a URL. Its host ends in `-wire.invalid`, a name that never
resolves (RFC 2606), and names the provider: providers do not share a site.
"""

import hashlib
import re
import unicodedata
from urllib.parse import quote

__all__ = ["dispatch_url", "is_dispatch_host"]

SUFFIX = "-wire.invalid"
MAX_SLUG = 40


def dispatch_url(provider: str, uri: str) -> str:
    """The URL that stands for the dispatch with this `uri`, whatever its scheme."""
    return f"https://{_slug(provider)}{SUFFIX}/{quote(uri, safe=':')}"


def is_dispatch_host(host: str) -> bool:
    """Whether the articles on a host are dispatches."""
    return host.endswith(SUFFIX)


def _slug(provider: str) -> str:
    """A host label. Names that Latin letters and digits cannot tell apart get a digest of the name."""
    name = " ".join(provider.lower().split())
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if plain == name and slug and len(slug) <= MAX_SLUG:
        return slug
    return f"{slug[:MAX_SLUG]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}".strip("-")
