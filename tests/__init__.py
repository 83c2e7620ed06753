"""What the publisher promises, proved against real servers. `python3 -m tests` runs everything."""
