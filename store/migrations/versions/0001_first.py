"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "decisions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("decided", sa.String(27), nullable=False),
        sa.Column("undone", sa.String(27), nullable=True),
        sa.Column("undone_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "furniture",
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("stories", sa.Integer(), nullable=False),
        sa.Column("stories_known", sa.Integer(), nullable=False),
        sa.Column("last_seen", sa.String(27), nullable=False),
        sa.Column("in_force", sa.Boolean(), nullable=False),
        sa.Column("since", sa.String(27), nullable=False),
        sa.PrimaryKeyConstraint("host", "fingerprint", name=op.f("pk_furniture")),
    )
    op.create_table(
        "hosts",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("next_fetch", sa.String(27), nullable=False),
        sa.Column("delay_seconds", sa.Float(), nullable=True),
        sa.Column("lease_holder", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.String(27), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("crawl_delay", sa.Float(), nullable=True),
        sa.Column("robots", sa.Text(), nullable=True),
        sa.Column("robots_verdict", sa.String(length=16), nullable=True),
        sa.Column("robots_fetched", sa.String(27), nullable=True),
        sa.Column("robots_due", sa.String(27), nullable=True),
        sa.Column("tdmrep", sa.Text(), nullable=True),
        sa.Column("tdmrep_due", sa.String(27), nullable=True),
        sa.Column("day", sa.String(length=10), nullable=True),
        sa.Column("day_fetches", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_hosts")),
    )
    op.create_index(op.f("ix_hosts_next_fetch"), "hosts", ["next_fetch"], unique=False)
    op.create_table(
        "outlets",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=True),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("homepage", sa.Text(), nullable=True),
        sa.Column("country", sa.String(length=2), nullable=True),
        sa.Column("language", sa.String(length=8), nullable=True),
        sa.Column("ours", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_outlets")),
    )
    op.create_index(op.f("ix_outlets_host"), "outlets", ["host"], unique=False)
    op.create_table(
        "settings",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_settings")),
    )
    op.create_table(
        "sources",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("outlet", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=True),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("interval_seconds", sa.Integer(), nullable=False),
        sa.Column("next_poll", sa.String(27), nullable=False),
        sa.Column("last_poll", sa.String(27), nullable=True),
        sa.Column("last_success", sa.String(27), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("status_since", sa.String(27), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("last_modified", sa.Text(), nullable=True),
        sa.Column("body_digest", sa.String(length=64), nullable=True),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("pages_found", sa.Integer(), nullable=False),
        sa.Column("location", sa.Text(), nullable=True),
        sa.Column("hops", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sources")),
        sa.UniqueConstraint("url", name=op.f("uq_sources_url")),
    )
    op.create_index(op.f("ix_sources_host"), "sources", ["host"], unique=False)
    op.create_index(op.f("ix_sources_next_poll"), "sources", ["next_poll"], unique=False)
    op.create_index(op.f("ix_sources_outlet"), "sources", ["outlet"], unique=False)
    op.create_table(
        "stories",
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.Column("absorbed_into", sa.String(length=24), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("language", sa.String(length=8), nullable=True),
        sa.Column("credit", sa.Text(), nullable=True),
        sa.Column("representative", sa.String(length=24), nullable=True),
        sa.Column("original", sa.String(length=24), nullable=True),
        sa.Column("original_reason", sa.String(length=16), nullable=True),
        sa.Column("first_seen", sa.String(27), nullable=False),
        sa.Column("last_seen", sa.String(27), nullable=False),
        sa.Column("published", sa.String(27), nullable=True),
        sa.Column("first_outlet", sa.Text(), nullable=True),
        sa.Column("copies", sa.Integer(), nullable=False),
        sa.Column("outlets", sa.Integer(), nullable=False),
        sa.Column("owners", sa.Integer(), nullable=False),
        sa.Column("solitary", sa.Boolean(), nullable=False),
        sa.Column("updated", sa.String(27), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stories")),
    )
    op.create_index("ix_stories_copies", "stories", ["copies"], unique=False)
    op.create_index(
        "ix_stories_listed",
        "stories",
        ["last_seen", "id"],
        unique=False,
        sqlite_where=sa.text("absorbed_into IS NULL"),
        postgresql_where=sa.text("absorbed_into IS NULL"),
    )
    op.create_table(
        "tombstones",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_tombstones")),
    )
    op.create_table(
        "articles",
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("story_id", sa.String(length=24), nullable=False),
        sa.Column("relation", sa.String(length=16), nullable=False),
        sa.Column("arrival", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("outlet", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("first_seen", sa.String(27), nullable=False),
        sa.Column("updated", sa.String(27), nullable=False),
        sa.Column("published", sa.String(27), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("credit", sa.Text(), nullable=True),
        sa.Column("names", sa.String(length=24), nullable=True),
        sa.Column("words", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["story_id"], ["stories.id"], name=op.f("fk_articles_story_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_articles")),
        sa.UniqueConstraint("url", name=op.f("uq_articles_url")),
    )
    op.create_index(op.f("ix_articles_host"), "articles", ["host"], unique=False)
    op.create_index(op.f("ix_articles_names"), "articles", ["names"], unique=False)
    op.create_index(op.f("ix_articles_outlet"), "articles", ["outlet"], unique=False)
    op.create_index("ix_articles_story_host", "articles", ["story_id", "host", "credit"], unique=False)
    op.create_index("ix_articles_story_outlet", "articles", ["story_id", "outlet"], unique=False)
    op.create_table(
        "decision_articles",
        sa.Column("decision_id", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.String(length=24), nullable=False),
        sa.Column("against", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["decisions.id"], name=op.f("fk_decision_articles_decision_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("decision_id", "article_id", name=op.f("pk_decision_articles")),
    )
    op.create_index(op.f("ix_decision_articles_article_id"), "decision_articles", ["article_id"], unique=False)
    op.create_table(
        "pages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("due", sa.String(27), nullable=True),
        sa.Column("discovered", sa.String(27), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("published", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("fetched", sa.String(27), nullable=True),
        sa.Column("http_status", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("last_modified", sa.Text(), nullable=True),
        sa.Column("body_digest", sa.String(length=64), nullable=True),
        sa.Column("article_id", sa.String(length=24), nullable=True),
        sa.Column("robots", sa.String(length=16), nullable=True),
        sa.Column("location", sa.Text(), nullable=True),
        sa.Column("hops", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_pages_source_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pages")),
        sa.UniqueConstraint("url", name=op.f("uq_pages_url")),
    )
    op.create_index(op.f("ix_pages_article_id"), "pages", ["article_id"], unique=False)
    op.create_index("ix_pages_host_due", "pages", ["host", "state", "due"], unique=False)
    op.create_index(op.f("ix_pages_source_id"), "pages", ["source_id"], unique=False)
    op.create_table(
        "versions",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("article_id", sa.String(length=24), nullable=False),
        sa.Column("observed", sa.String(27), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("content_digest", sa.String(length=64), nullable=False),
        sa.Column("text_digest", sa.LargeBinary(length=16), nullable=False),
        sa.Column("words", sa.Integer(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("signature_params", sa.Text(), nullable=False),
        sa.Column("extractor", sa.Text(), nullable=False),
        sa.Column("warc_file", sa.Text(), nullable=True),
        sa.Column("warc_offset", sa.Integer(), nullable=True),
        sa.Column("attached", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_versions_article_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_versions")),
        sa.UniqueConstraint(
            "article_id", "observed", "content_digest", name=op.f("uq_versions_article_id_observed_content_digest")
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_versions_attached", "versions", ["attached"], unique=False)
    op.create_index("ix_versions_text_digest", "versions", ["text_digest", "number"], unique=False)
    op.create_table(
        "matches",
        sa.Column("a", sa.Integer(), nullable=False),
        sa.Column("b", sa.Integer(), nullable=False),
        sa.Column("a_article", sa.String(length=24), nullable=False),
        sa.Column("b_article", sa.String(length=24), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["a"], ["versions.number"], name=op.f("fk_matches_a"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["b"], ["versions.number"], name=op.f("fk_matches_b"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("a", "b", name=op.f("pk_matches")),
    )
    op.create_index(op.f("ix_matches_a_article"), "matches", ["a_article"], unique=False)
    op.create_index(op.f("ix_matches_b"), "matches", ["b"], unique=False)
    op.create_index(op.f("ix_matches_b_article"), "matches", ["b_article"], unique=False)
    op.create_table(
        "removed_lines",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.ForeignKeyConstraint(
            ["number"], ["versions.number"], name=op.f("fk_removed_lines_number"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_removed_lines")),
    )
    op.create_index(op.f("ix_removed_lines_at"), "removed_lines", ["at"], unique=False)
    op.create_index(op.f("ix_removed_lines_number"), "removed_lines", ["number"], unique=False)
