"""Everything that is proved, by one command: `python3 -m tests`, with any Python from 3.11 and nothing installed.

As root on Debian it first installs the servers that the tests talk to; elsewhere it says which tests it leaves out.
Then the libraries go into `.venv`, and from there run the formatter, the linter, the type checker, the import rules
and at last pytest, which gets every argument: `python3 -m tests -k feeds`.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036
    sys.exit(f"python3 -m tests needs Python 3.11 or newer, this is {sys.version.split()[0]}")

import hashlib
import importlib.util
import os
import subprocess
import time
import venv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.servers import debian, packages

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PROGRAMS = VENV / "bin"
STAMP = VENV / "installed-for-tests"
ATTEMPTS = 3

CHECKS = {
    "ruff format": ["ruff", "format", "--check", "."],
    "ruff check": ["ruff", "check", "."],
    "mypy": ["mypy"],
    "lint-imports": ["lint-imports"],
}


class StepFailed(Exception):
    """With what is to be shown of it."""


def main(arguments: Sequence[str]) -> int:
    os.chdir(ROOT)
    try:
        install_servers()
        install_libraries()
    except (StepFailed, debian.InstallationFailed) as error:
        print(f"{error}\nnothing was tested", flush=True)
        return 1
    failed = [name for name, command in CHECKS.items() if not check(name, command)]
    if failed:
        print(f"failed: {', '.join(failed)}", flush=True)
    code = run_pytest([argument for argument in arguments if argument != "--"])
    if failed:
        print(f"failed before pytest: {', '.join(failed)}", flush=True)
    return code or int(bool(failed))


def install_servers() -> None:
    """What can be installed is installed. What is missing then is an error, or said and left out."""
    if packages.is_root() and packages.is_debian():
        wanted = debian.not_installed([*packages.DEBIAN_PACKAGES, *_venv_package()])
        if wanted:
            with timed(f"apt-get install {' '.join(wanted)}"):
                debian.install(wanted)
    missing = packages.missing()
    if missing and packages.must_have_all():
        raise StepFailed("\n".join(f"{name} can't be started: {reason}" for name, reason in missing.items()))
    for name, reason in missing.items():
        print(f"tests with {name} are left out: {reason}", flush=True)


def _venv_package() -> list[str]:
    """Debian's Python comes without what a virtual environment is made from."""
    return [] if importlib.util.find_spec("ensurepip") else ["python3-venv"]


def install_libraries() -> None:
    """Into `.venv`, at the versions in constraints.txt; again only when something about them has changed."""
    stamp = _stamp()
    if STAMP.exists() and STAMP.read_text() == stamp and (PROGRAMS / "python").exists():
        return
    if not _venv_fits():
        with timed(f"python -m venv {VENV.name}"):
            _make_venv()
    with timed("pip install -e .[test] -c constraints.txt"):
        _pip_install("-e", ".[test]", "-c", "constraints.txt")
    STAMP.write_text(stamp)


def _stamp() -> str:
    """Changes with whatever the installed libraries depend on."""
    files = b"".join((ROOT / name).read_bytes() for name in ("pyproject.toml", "constraints.txt"))
    return f"{hashlib.sha256(files).hexdigest()} {sys.version_info[:2]} {VENV}\n"


def _venv_fits() -> bool:
    """It starts, stands where it was made, and is of this Python's version."""
    code = "import sys; print(sys.version_info[:2], sys.prefix)"
    try:
        said = subprocess.run([PROGRAMS / "python", "-c", code], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return False
    pip = PROGRAMS / "pip"
    return said == f"{sys.version_info[:2]} {VENV}\n" and pip.exists() and str(VENV) in pip.read_text()


def _make_venv() -> None:
    try:
        venv.create(VENV, clear=True, with_pip=True, symlinks=True)
    except subprocess.CalledProcessError as error:
        raise StepFailed(f"can't make {VENV}: {error}") from error


def _pip_install(*arguments: str) -> None:
    command = [str(PROGRAMS / "python"), "-m", "pip", "install", "--quiet", "--no-input", *arguments]
    for attempt in range(1, ATTEMPTS + 1):
        code, output = _run(command)
        if code == 0:
            return
        time.sleep(2 * attempt)
    raise StepFailed(f"{' '.join(command)}\n{output}")


def check(name: str, command: Sequence[str]) -> bool:
    """Quiet when it is content."""
    try:
        with timed(name):
            code, output = _run([str(PROGRAMS / command[0]), *command[1:]])
            if code:
                raise StepFailed(output)
    except StepFailed as error:
        print(error, flush=True)
        return False
    return True


def run_pytest(arguments: Sequence[str]) -> int:
    command = [str(PROGRAMS / "python"), "-m", "pytest", "-n", str(os.cpu_count() or 1), *arguments]
    return subprocess.run(command, stdin=subprocess.DEVNULL, env=_environment(), check=False).returncode


@contextmanager
def timed(name: str) -> Iterator[None]:
    """One line: the name, then how it went and how long it took."""
    print(f"{name} ... ", end="", flush=True)
    before = time.monotonic()
    try:
        yield
    except BaseException:
        print(f"failed, {time.monotonic() - before:.1f} s", flush=True)
        raise
    print(f"{time.monotonic() - before:.1f} s", flush=True)


def _run(command: Sequence[str]) -> tuple[int, str]:
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=_environment(),
        text=True,
        errors="replace",
        check=False,
    )
    return done.returncode, done.stdout


def _environment() -> dict[str, str]:
    """The caller's, with the programs of `.venv` first."""
    path = os.pathsep.join([str(PROGRAMS), os.environ.get("PATH", os.defpath)])
    return os.environ | {"VIRTUAL_ENV": str(VENV), "PATH": path}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
