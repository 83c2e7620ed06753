"""The settings files of a site generator, if the folder is one's."""

from pathlib import Path

from publisher.core.generators import files
from publisher.core.generators.findings import Recognised

_LIMIT_BYTES = 1_000_000


def recognised(folder: Path) -> Recognised | None:
    """What a generator's files say of the site in this folder; None where there are none. A file that can't be read is none."""
    texts: dict[str, bytes] = {}
    for name in files.FILES:
        try:
            with (folder / name).open("rb") as file:
                texts[name] = file.read(_LIMIT_BYTES)
        except OSError:
            continue
    if not texts and not any(_is_folder(folder / name) for name in files.POST_FOLDERS):
        return None
    from publisher.core.generators.recognise import recognise

    return recognise(texts, lambda path: _is_folder(folder / path))


def _is_folder(path: Path) -> bool:
    """False for a name that no folder can have, too."""
    try:
        return path.is_dir()
    except OSError:
        return False
