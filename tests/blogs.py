"""Folders of blogs that were there before, and what is made of them."""

from pathlib import Path
from typing import Any

from publisher.config import Settings, adopted, read_settings
from publisher.core.generators.adopted import Adopted


def site(folder: Path, files: dict[str, str], *folders: str) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    for name in folders:
        (folder / name).mkdir(parents=True, exist_ok=True)
    return folder


def settings(folder: Path) -> dict[str, Any]:
    """Those that are not the defaults."""
    found, default = read_settings(folder, {}), Settings()
    return {name: getattr(found, name) for name in Settings.__slots__ if getattr(found, name) != getattr(default, name)}


def taken(folder: Path) -> Adopted:
    found = adopted(folder, {})
    assert found
    return found


def notes(folder: Path) -> list[str]:
    return [str(note) for note in taken(folder).notes]
