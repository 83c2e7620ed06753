"""The command line: one command, one module, one function that returns an exit code."""
