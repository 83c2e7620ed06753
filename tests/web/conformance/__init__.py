"""The rules by which a built site is served: one table, asked of every server that may serve it."""
