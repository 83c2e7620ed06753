"""The nouns, proved without a clock, a disk or a net."""
