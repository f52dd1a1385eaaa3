"""What alembic runs for each upgrade: the steps that are missing, on the connection that is given, in one transaction."""

from alembic import context

given = context.config.attributes
context.configure(connection=given["connection"], version_table=given["table"], transaction_per_migration=False)
with context.begin_transaction():
    context.run_migrations()
