"""What alembic runs for an upgrade: the missing steps, on the connection that is given, in one transaction."""

from alembic import context


def run() -> None:
    """Make the steps."""
    given = context.config.attributes
    context.configure(connection=given["connection"], version_table=given["table"])
    with context.begin_transaction():
        context.run_migrations()


if hasattr(context, "config"):  # alembic runs this file; whoever only imports it changes nothing
    run()
