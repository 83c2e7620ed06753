"""`publisher --version`."""

import typer

from publisher import __version__


def version(*, version: bool = typer.Option(False, "--version", help="Print the version.")) -> None:
    if version:
        print(f"publisher {__version__}")
        raise typer.Exit
