"""`publisher`: finds the command, and imports no other, so that it answers at once.

A build that finds nothing changed is over before anything else is imported, the parser of arguments included.
"""

import sys
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import typer

_COMMANDS = (
    "init", "demo", "serve", "build", "check", "tick", "send", "worker", "release", "status", "why", "doctor",
    "backup", "restore",
)  # fmt: skip
_GROUPS = ("editions", "subscribers")
_BEFORE_COMMAND = ("--site", "--now")


def main() -> None:
    """The entry point of the script."""
    arguments = _reordered(sys.argv[1:])
    if arguments[:1] == ["build"]:
        from publisher.cli.quick import quick_build

        code = quick_build(arguments[1:])
        if code is not None:
            sys.exit(code)
    _program(arguments)(arguments, prog_name="publisher")


def _program(arguments: list[str]) -> "typer.Typer":
    """The command that is asked for; all of them, where help is."""
    import typer

    from publisher.cli.outcome import told
    from publisher.cli.version import version

    program = typer.Typer(
        help="A folder of posts becomes feeds that every reader accepts and an email digest that reaches every subscriber once.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    program.callback(invoke_without_command=True)(version)
    asked = arguments[0] if arguments else ""
    is_known = asked in (*_COMMANDS, *_GROUPS, "--version")
    for name in _COMMANDS:
        if name == asked or not is_known:
            program.command(name)(told(import_module(f"publisher.cli.{name}").run))
    for name in _GROUPS:
        if name == asked or not is_known:
            program.add_typer(import_module(f"publisher.cli.{name}").app, name=name)
    return program


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
