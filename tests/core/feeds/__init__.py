"""Feeds: golden files, what a reader reads back, feedgen's traps, any text at all."""
