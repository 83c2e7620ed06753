"""A folder of posts becomes feeds that every reader accepts and an email digest that reaches every subscriber once."""

__version__ = "0.1.0"
