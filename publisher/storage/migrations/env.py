"""Run by alembic: the connection is handed in, already inside the transaction that the step belongs to."""

from alembic import context

from publisher.storage.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
    transaction_per_migration=False,
)
context.run_migrations()
