"""Pelican: `pelicanconf.py`, `publishconf.py` and `content`. They are programs: only plain values are read, nothing is run."""

import re
from collections.abc import Mapping
from typing import Any

from publisher.core.generators.findings import Findings, Found, in_env
from publisher.core.generators.permalinks import from_pelican
from publisher.core.generators.reading import Config

NAME = "Pelican"
_SETTINGS = {
    "sitename": "site_title",
    "siteurl": "site_url",
    "sitesubtitle": "site_description",
    "default_lang": "site_language",
    "timezone": "timezone",
    "author": "author_name",
    "article_url": "permalink",
    "path": "posts_dir",
}


def pelican(configs: list[tuple[Config, dict[str, int]]], findings: Findings) -> None:
    """The files in the order in which Pelican reads them, each with the lines of what is computed there: the last one wins."""
    values: dict[str, tuple[Any, Found]] = {}
    for config, computed in configs:
        for name, value in config.values.items():
            values[name] = value, config.at(name)
        for name, line in computed.items():
            values.pop(name, None)
            if name in _SETTINGS:
                at = Found(value="", file=config.file, line=line)
                findings.note(
                    _SETTINGS[name],
                    at,
                    f"{name.upper()} is computed",
                    f"wanted is its value ({in_env(_SETTINGS[name])})",
                )

    def text(name: str) -> Found | None:
        value, at = values.get(name, (None, None))
        return (
            Found(value=" ".join(value.split()), file=at.file, line=at.line) if isinstance(value, str) and at else None
        )

    findings.take("site_title", text("sitename"))
    findings.take_address(text("siteurl"))
    findings.take("site_description", text("sitesubtitle"))
    findings.take("site_language", text("default_lang"))
    findings.take("timezone", text("timezone"))
    findings.take_author(text("author"))
    main = configs[0][0].file
    _folder(text("path"), values.get("article_paths", (None, None))[0], main, findings)
    plain = {name: value for name, (value, _) in values.items()}
    slug = _slug(plain)
    _permalink(text("article_url") or Found(value="{slug}.html", file=main), text("article_save_as"), slug, findings)
    _unlike(plain, text("article_url"), values, findings)
    feeds = [
        f"/{found.value.lstrip('/')}={file}"
        for name, file in (("feed_all_atom", "atom.xml"), ("feed_all_rss", "rss.xml"))
        if (found := text(name)) and "{" not in found.value
    ]
    if feeds:
        findings.take("feed_aliases", Found(value=" ".join(feeds), file=main))


def _folder(path: Found | None, below: Any, main: str, findings: Findings) -> None:
    home = path.value if path else "content"
    single = below[0] if isinstance(below, (list, tuple)) and len(below) == 1 else ""
    if isinstance(single, str) and single and findings.take_folder(f"{home}/{single}", main):
        return
    if not findings.take_folder(home, main) and path:
        what = f"PATH is {home!r}"
        findings.note("posts_dir", path, what, f"wanted is a folder of posts inside the site's ({in_env('posts_dir')})")


def _permalink(found: Found, save_as: Found | None, slug: str, findings: Findings) -> None:
    style = slug[1:-1].partition(":")[2].removesuffix("-dated") or "pelican"
    try:
        path = from_pelican(found.value, save_as.value if save_as else "", slug, f"{{categories:{style}}}")
    except ValueError as error:
        wanted = f"wanted is a path of {{year}} {{month}} {{day}} {{slug}} {{categories}} ({in_env('permalink')})"
        findings.note("permalink", found, f"the addresses {found.value!r} can't be kept, {error}", wanted)
        return
    findings.take("permalink", Found(value=path, file=found.file, line=found.line))


def _slug(values: Mapping[str, Any]) -> str:
    """The word for what Pelican calls the slug of a post that has none."""
    style = "pelican" + ("-unicode" if values.get("slugify_use_unicode") is True else "")
    style += "-cased" if values.get("slugify_preserve_case") is True else ""
    found = [_slug_in(values.get("filename_metadata"), name) for name in ("2026-01-02-a-post", "2026-01-02_a-post")]
    if _slug_in(values.get("filename_metadata"), "a-post"):
        return "{slug}" if "a-post" in found else "{name}"
    if "a-post" in found:
        return f"{{title:{style}-dated}}"
    return f"{{name:{style}}}" if values.get("slugify_source") == "basename" else f"{{title:{style}}}"


def _slug_in(pattern: Any, name: str) -> str | None:
    """The slug that FILENAME_METADATA sees in a file's name."""
    try:
        found = re.match(pattern, name) if isinstance(pattern, str) and len(pattern) < 200 else None
        return found["slug"] if found else None
    except (re.error, IndexError, RecursionError, OverflowError):
        return None


def _unlike(
    plain: Mapping[str, Any], pattern: Found | None, values: Mapping[str, tuple[Any, Found]], findings: Findings
) -> None:
    """What makes Pelican's addresses other than ours, and only a slug or a category in each post can mend."""
    if "slug_regex_substitutions" in plain:
        what, wanted = "SLUG_REGEX_SUBSTITUTIONS are not followed", "wanted is a Slug in each post that they change"
        findings.note("permalink", values["slug_regex_substitutions"][1], what, wanted)
    folders = (
        plain.get("use_folder_as_category", True),
        plain.get("default_category", "misc"),
        plain.get("article_paths"),
    )
    if pattern and "{category}" in pattern.value and folders not in ((True, "misc", None), (True, "misc", [""])):
        what = "for a post that names no category its folder is taken, or misc"
        findings.note("permalink", pattern, what, "wanted is a Category in each post")
