"""What a check of `onestory doctor` found wrong."""

__all__ = ["Fault"]


class Fault(Exception):  # noqa: N818 - a result of a check, always caught
    """What is wrong, and what to do."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy
