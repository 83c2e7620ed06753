"""Nouns, and pure: values in, values or bytes out. No clock, dice, disk, network, database, logging or environment."""
