"""Which generator a folder belongs to, and the settings that follow from it."""

import re
from collections.abc import Callable, Mapping

from publisher.core.generators import files
from publisher.core.generators.findings import Findings, Recognised
from publisher.core.generators.hugo import NAME as HUGO
from publisher.core.generators.hugo import hugo
from publisher.core.generators.jekyll import NAME as JEKYLL
from publisher.core.generators.jekyll import jekyll
from publisher.core.generators.pelican import NAME as PELICAN
from publisher.core.generators.pelican import pelican
from publisher.core.generators.reading import Config, Script, decoded, read_config, read_python
from publisher.core.generators.scripted import ASTRO, ELEVENTY, astro, eleventy
from publisher.core.generators.zola import NAME as ZOLA
from publisher.core.generators.zola import zola

_ZOLA_KEY = re.compile(rb"^[ \t]*base_url[ \t]*=", re.MULTILINE)
_HUGO_KEY = re.compile(rb"""^[ \t{]*["']?baseurl["']?[ \t]*[=:]""", re.MULTILINE | re.IGNORECASE)


def recognise(texts: Mapping[str, bytes], is_folder: Callable[[str], bool]) -> Recognised | None:
    """`texts` are those of `files.FILES` that are there; `is_folder` tells of a path below the site's folder.

    Never raises. None where there is nothing of a generator. Where several left their files, the first one counts in the
    order Jekyll, Hugo, Zola, Pelican, Astro, Eleventy.
    """
    findings = Findings(is_folder)
    known = (_jekyll, _hugo, _zola, _pelican, _astro, _eleventy)
    found = next((found for look in known if (found := look(texts, findings))), None)
    if "posts_dir" not in findings.settings:
        any(findings.take_folder(each, each) for each in files.POST_FOLDERS)
    if found is None:
        if "posts_dir" not in findings.settings:
            return None
        found = "", findings.settings["posts_dir"].value
    return Recognised(generator=found[0], file=found[1], settings=findings.settings, notes=tuple(findings.notes))


_Look = tuple[str, str] | None
"""The generator's name and its file."""


def _first(texts: Mapping[str, bytes], names: tuple[str, ...]) -> str | None:
    return next((name for name in names if name in texts), None)


def _jekyll(texts: Mapping[str, bytes], findings: Findings) -> _Look:
    file = _first(texts, files.JEKYLL)
    if file:
        jekyll(read_config(file, texts[file], findings), findings)
        return JEKYLL, file
    if findings.is_folder("_posts") and not any(name in texts for name in files.FILES):
        jekyll(Config(file="_posts"), findings)
        return JEKYLL, "_posts"
    return None


def _hugo(texts: Mapping[str, bytes], findings: Findings) -> _Look:
    shared = (name for name in files.HUGO_OR_ZOLA if _HUGO_KEY.search(texts.get(name, b"")))
    file = _first(texts, files.HUGO) or next(shared, None)
    if not file:
        return None

    def part(name: str) -> Config:
        own = _first(texts, tuple(each for each in files.HUGO_PARTS if f"/{name}." in each))
        return read_config(own, texts[own], findings) if own else Config(file=file)

    hugo(read_config(file, texts[file], findings), part("params"), part("permalinks"), findings)
    return HUGO, file


def _zola(texts: Mapping[str, bytes], findings: Findings) -> _Look:
    is_zola = _ZOLA_KEY.search(texts.get("config.toml", b"")) is not None
    file = _first(texts, files.ZOLA) or ("config.toml" if is_zola else None)
    if not file:
        return None
    zola(read_config(file, texts[file], findings), findings)
    return ZOLA, file


def _pelican(texts: Mapping[str, bytes], findings: Findings) -> _Look:
    names = [name for name in files.PELICAN if name in texts]
    if not names:
        return None
    pelican([read_python(name, texts[name], findings) for name in names], findings)
    return PELICAN, names[0]


def _astro(texts: Mapping[str, bytes], findings: Findings) -> _Look:
    file = _first(texts, files.ASTRO)
    if not file:
        return None
    astro(_script(texts, file, findings), _script(texts, _first(texts, files.ASTRO_WORDS), findings), findings)
    return ASTRO, file


def _eleventy(texts: Mapping[str, bytes], findings: Findings) -> _Look:
    file = _first(texts, files.ELEVENTY)
    if not file:
        return None
    data = _first(texts, files.ELEVENTY_WORDS)
    words = read_config(data, texts[data], findings) if data else Config(file=file)
    eleventy(_script(texts, file, findings), words, findings)
    return ELEVENTY, file


def _script(texts: Mapping[str, bytes], file: str | None, findings: Findings) -> Script:
    return Script(file, decoded(file, texts[file], findings)) if file else Script("", "")
