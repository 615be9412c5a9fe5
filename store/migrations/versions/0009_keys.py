"""API keys and sessions."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scope", sa.String(8), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("begins", sa.String(24), nullable=False),
        sa.Column("is_given", sa.Boolean(), nullable=False),
        sa.Column("created", sa.String(27), nullable=False),
        sa.Column("last_used", sa.String(27), nullable=True),
        sa.Column("revoked", sa.String(27), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("digest", name=op.f("uq_api_keys_digest")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "sessions",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("key_id", sa.Integer(), nullable=False),
        sa.Column("began", sa.String(27), nullable=False),
        sa.Column("ends", sa.String(27), nullable=False),
        sa.ForeignKeyConstraint(["key_id"], ["api_keys.id"], name=op.f("fk_sessions_key_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_sessions")),
    )
    for column in ("key_id", "ends"):
        op.create_index(op.f(f"ix_sessions_{column}"), "sessions", [column], unique=False)
