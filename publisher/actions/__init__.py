"""Verbs: what the product does. Each reads, asks the core, and writes in one transaction."""
