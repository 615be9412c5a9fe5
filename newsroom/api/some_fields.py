"""`fields`: the members of a shape that a reader wants."""

from pydantic import BaseModel

from store.errors import BadInput

__all__ = ["some_of"]


def some_of(shape: type[BaseModel], fields: str | None) -> set[str] | None:
    """The names, `id` always among them; None for all of them. Raises BadInput that says which there are."""
    if fields is None:
        return None
    names = {name.strip() for name in fields.split(",")}
    if unknown := sorted(names - set(shape.model_fields)):
        there = ", ".join(shape.model_fields)
        raise BadInput(f"fields: there is no {unknown[0][:80]!r} here; there are {there}")
    return {"id", *names}
