"""The field's names: boilerplate for furniture, and those of a key's visible columns."""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.rename_table("furniture", "boilerplate")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER INDEX pk_furniture RENAME TO pk_boilerplate")
    # SQLite and PostgreSQL both rename columns in place.
    op.execute("ALTER TABLE api_keys RENAME COLUMN begins TO prefix")
    op.execute("ALTER TABLE api_keys RENAME COLUMN is_given TO from_environment")
