"""Alembic's entry point. Runs on the connection and in the transaction opened by `onestory.store.migrate`."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=False)
context.run_migrations()
