"""The web, asked over real connections."""
