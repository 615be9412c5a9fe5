"""The health of sources: what they yield, and what was missed."""

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    pass
