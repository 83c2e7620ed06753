"""The one place where errors become words and exit codes."""

import errno
import functools
import platform
import sys
import traceback
from collections.abc import Callable
from typing import NoReturn, ParamSpec

from publisher import __version__
from publisher.core.errors import Busy, ConfigurationError, PublisherError

FAILED, BUG, LATER, CONFIGURATION, INTERRUPTED = 1, 70, 75, 78, 130

P = ParamSpec("P")


def told(command: Callable[P, int]) -> Callable[P, NoReturn]:
    """A command that ends in its exit code, whatever happens in it."""
    import typer

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> NoReturn:
        raise typer.Exit(_ended((typer.Exit, typer.Abort, typer.BadParameter), command, *args, **kwargs))

    return run


def ended(command: Callable[P, int], *args: P.args, **kwargs: P.kwargs) -> int:
    """The command's exit code, whatever happens in it."""
    return _ended((), command, *args, **kwargs)


def _ended(passed_on: tuple[type[Exception], ...], command: Callable[P, int], *args: P.args, **kwargs: P.kwargs) -> int:
    try:
        return command(*args, **kwargs)
    except passed_on:
        raise
    except KeyboardInterrupt:
        return INTERRUPTED
    except PublisherError as error:
        say(str(error))
        return CONFIGURATION if isinstance(error, ConfigurationError) else LATER if isinstance(error, Busy) else FAILED
    except BrokenPipeError:
        sys.stderr.close()
        return FAILED
    except OSError as error:
        say(f"{error.filename or 'the system'}: {error.strerror or error}{_advice(error)}")
        return FAILED
    except Exception:
        say(_report())
        return BUG


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _advice(error: OSError) -> str:
    advice = {
        errno.ENOSPC: ", make room on the disk and run the same again: nothing was lost",
        errno.EDQUOT: ", make room on the disk and run the same again: nothing was lost",
        errno.EACCES: ", wanted is a file or folder that you may write to",
        errno.EROFS: ", the disk is read-only",
    }
    return advice.get(error.errno or 0, "")


def _report() -> str:
    return (
        "This is a bug in publisher, not your mistake. Please report what stands below.\n\n"
        f"publisher {__version__}, Python {platform.python_version()}, {platform.system()} {platform.release()}\n"
        f"{traceback.format_exc()}"
    )
