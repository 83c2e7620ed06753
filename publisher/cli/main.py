"""`publisher`: finds the command, and imports no other, so that it answers at once."""

import sys
from importlib import import_module

import typer

from publisher import __version__
from publisher.cli.outcome import told

_COMMANDS = ("init", "demo", "serve", "build", "check", "tick", "send", "release", "status")
_GROUPS = ("editions", "subscribers")
_BEFORE_COMMAND = ("--site", "--now")


def main() -> None:
    """The entry point of the script."""
    arguments = _reordered(sys.argv[1:])
    _program(arguments)(arguments, prog_name="publisher")


def _program(arguments: list[str]) -> typer.Typer:
    """The command that is asked for; all of them, where help is."""
    program = typer.Typer(
        help="A folder of posts becomes feeds that every reader accepts and an email digest that reaches every subscriber once.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    program.callback(invoke_without_command=True)(_version)
    asked = arguments[0] if arguments else ""
    is_known = asked in (*_COMMANDS, *_GROUPS, "--version")
    for name in _COMMANDS:
        if name == asked or not is_known:
            program.command(name)(told(import_module(f"publisher.cli.{name}").run))
    for name in _GROUPS:
        if name == asked or not is_known:
            program.add_typer(import_module(f"publisher.cli.{name}").app, name=name)
    return program


def _version(*, version: bool = typer.Option(False, "--version", help="Print the version.")) -> None:
    if version:
        print(f"publisher {__version__}")
        raise typer.Exit


def _reordered(arguments: list[str]) -> list[str]:
    """`publisher --site DIR build` means `publisher build --site DIR`."""
    early: list[str] = []
    rest = list(arguments)
    while rest and rest[0].split("=")[0] in _BEFORE_COMMAND:
        early.append(rest.pop(0))
        if "=" not in early[-1] and rest:
            early.append(rest.pop(0))
    names = 2 if rest and rest[0] in _GROUPS else 1
    return rest[:names] + early + rest[names:]
