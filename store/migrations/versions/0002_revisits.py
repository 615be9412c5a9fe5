"""Articles are looked at again: when, what came of it, and where they moved."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

# Of what a released store holds already, the articles that may still change are looked at.
RECENT = timedelta(days=7)


def upgrade() -> None:
    for column in (
        sa.Column("revisit", sa.String(27)),
        sa.Column("changed", sa.String(27)),
        sa.Column("missing_since", sa.String(27)),
        sa.Column("validators_lie", sa.Boolean(), nullable=False, server_default=sa.false()),
    ):
        op.add_column("pages", column)
    for column in (sa.Column("withdrawn", sa.String(27)), sa.Column("withdrawn_reason", sa.String(16))):
        op.add_column("articles", column)
    op.add_column("versions", sa.Column("changes", sa.JSON()))
    _look_again()
    there = sa.text("revisit IS NOT NULL")
    op.create_index("ix_pages_host_revisit", "pages", ["host", "revisit"], sqlite_where=there, postgresql_where=there)
    _withdrawals()
    _moves()


def _look_again() -> None:
    names = ("state", "article_id", "fetched", "revisit", "changed")
    pages = sa.table("pages", *[sa.column(name, sa.String()) for name in names])
    since = (datetime.now(UTC) - RECENT).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    recent = sa.and_(pages.c.state == "done", pages.c.article_id.is_not(None), pages.c.fetched >= since)
    op.execute(pages.update().where(recent).values(changed=pages.c.fetched, revisit=pages.c.fetched))


def _withdrawals() -> None:
    op.create_table(
        "withdrawals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.String(24), nullable=False),
        sa.Column("withdrawn", sa.String(27), nullable=False),
        sa.Column("confirmed", sa.String(27), nullable=False),
        sa.Column("reason", sa.String(16), nullable=False),
        sa.Column("http_status", sa.Integer(), nullable=True),
        sa.Column("location", sa.Text(), nullable=True),
        sa.Column("returned", sa.String(27), nullable=True),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("fk_withdrawals_article_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_withdrawals")),
    )
    op.create_index(op.f("ix_withdrawals_article_id"), "withdrawals", ["article_id"], unique=False)


def _moves() -> None:
    op.create_table(
        "moves",
        sa.Column("id", sa.String(24), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("article_id", sa.String(24), nullable=False),
        sa.Column("moved", sa.String(27), nullable=False),
        sa.Column("http_status", sa.Integer(), nullable=True),
        sa.Column("confirmed", sa.String(27), nullable=True),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_moves_article_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_moves")),
    )
    op.create_index(op.f("ix_moves_article_id"), "moves", ["article_id"], unique=False)
