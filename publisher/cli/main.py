"""`publisher`: finds the command."""

import sys

import typer

from publisher import __version__
from publisher.cli import build, check, demo, editions, init, release, send, serve, status, subscribers, tick
from publisher.cli.outcome import told

_app = typer.Typer(
    help="A folder of posts becomes feeds that every reader accepts and an email digest that reaches every subscriber once.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
_COMMANDS = (init, demo, serve, build, check, tick, send, release, status)
_GROUPS = (editions, subscribers)
_BEFORE_COMMAND = ("--site", "--now")


@_app.callback(invoke_without_command=True)
def _version(*, version: bool = typer.Option(False, "--version", help="Print the version.")) -> None:
    if version:
        print(f"publisher {__version__}")
        raise typer.Exit


for command in _COMMANDS:
    _app.command(command.__name__.rpartition(".")[2])(told(command.run))
for group in _GROUPS:
    _app.add_typer(group.app, name=group.__name__.rpartition(".")[2])


def main() -> None:
    """The entry point of the script."""
    _app(_reordered(sys.argv[1:]), prog_name="publisher")


def _reordered(arguments: list[str]) -> list[str]:
    """`publisher --site DIR build` means `publisher build --site DIR`."""
    early: list[str] = []
    rest = list(arguments)
    while rest and rest[0].split("=")[0] in _BEFORE_COMMAND:
        early.append(rest.pop(0))
        if "=" not in early[-1] and rest:
            early.append(rest.pop(0))
    names = 2 if rest and rest[0] in {group.__name__.rpartition(".")[2] for group in _GROUPS} else 1
    return rest[:names] + early + rest[names:]
