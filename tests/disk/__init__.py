"""Files, one room after the other."""
