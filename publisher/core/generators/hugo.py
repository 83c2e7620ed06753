"""Hugo: `hugo.toml` and `content/posts`."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from publisher.core.generators.findings import OUTPUT, Findings, Found, in_env
from publisher.core.generators.permalinks import ending, from_hugo
from publisher.core.generators.reading import Config
from publisher.core.spelling import spelt

NAME = "Hugo"
_SECTIONS = ("posts", "post", "blog", "articles", "notes")


def hugo(config: Config, params: Config, permalinks: Config, findings: Findings) -> None:
    """`params` and `permalinks` are files of their own in the room `config/_default`; empty for most sites."""
    language = config.text("defaultcontentlanguage")
    own = f"languages.{language.value if language else 'en'}"
    findings.take("site_title", config.text("title", f"{own}.title"))
    findings.take_address(config.text(f"{own}.baseurl", "baseurl"))
    words = ("description", "subtitle")
    findings.take("site_description", _param(config, params, own, *words))
    findings.take(
        "site_language",
        config.text(f"{own}.locale", f"{own}.languagecode", "locale", "languagecode", "defaultcontentlanguage"),
    )
    findings.take("timezone", config.text("timezone"))
    findings.take_author(_param(config, params, own, "author", "author.name") or config.text("author", "author.name"))
    findings.take_mail(_param(config, params, own, "author.email", "email") or config.text("author.email"))
    content = config.text(f"{own}.contentdir", "contentdir")
    home = content.value.strip("/") if content else "content"
    patterns = {**_patterns(permalinks.values), **_patterns(config.get("permalinks"))}
    where = permalinks if permalinks.values else config
    section = _folder(config, params, findings, home, patterns)
    _permalink(config, where, findings, section, patterns)
    findings.take("output_dir", Found(value=OUTPUT, file=config.file))
    if section:
        feed = _below(config, f"/{quote(spelt(section, 'hugo-path'))}/index.xml")
        findings.take("feed_aliases", Found(value=feed, file=config.file))


def _param(config: Config, params: Config, own: str, *names: str) -> Found | None:
    return config.text(
        *(f"{own}.params.{name}" for name in names), *(f"params.{name}" for name in names)
    ) or params.text(*names)


def _patterns(found: Any) -> dict[str, str]:
    """The patterns of pages by section; in newer files they stand below `page`."""
    if not isinstance(found, dict):
        return {}
    page = found.get("page")
    named = {**found, **page} if isinstance(page, dict) else found
    return {str(name).lower(): value for name, value in named.items() if isinstance(value, str)}


def _folder(config: Config, params: Config, findings: Findings, home: str, patterns: dict[str, str]) -> str:
    """Takes the folder of posts; returns the section that it is, empty for all of them."""
    main = params.get("mainsections") or config.get("params.mainsections") or config.get("mainsections")
    main = [main] if isinstance(main, str) else main if isinstance(main, list) else []
    if len(main) > 1:
        findings.take_folder(home, config.file)
        return ""
    for section in (*map(str, main), *_SECTIONS, *_named_last(patterns)):
        if findings.take_folder(f"{home}/{section}", config.file):
            return section
    findings.take_folder(home, config.file)
    return ""


def _named_last(patterns: dict[str, str]) -> Iterator[str]:
    """Sections that have addresses of their own are likely to be posts, if no usual one is there."""
    return (section for section in patterns if section not in ("pages", "page", "/"))


def _permalink(config: Config, where: Config, findings: Findings, section: str, patterns: dict[str, str]) -> None:
    is_ugly = config.says("uglyurls") or (section != "" and config.says(f"uglyurls.{section}"))
    at = where.at("permalinks") if where is config else Found(value="", file=where.file)
    pattern = patterns.get(section.lower())
    flags = ("-ascii" if config.says("removepathaccents") else "") + (
        "-cased" if config.says("disablepathtolower") else ""
    )
    home = spelt(section, f"hugo-path{flags}")
    if pattern is None:
        name = f"{{{'slug' if _is_dated(config) else 'name'}:hugo-path{flags}}}"
        path = ending(f"{f'/{home}' if home else ''}/{{folder:hugo-path{flags}}}/{name}", is_ugly=is_ugly)
        findings.take("permalink", Found(value=_below(config, path), file=config.file))
        if patterns and not section:
            what = "the permalinks of single sections can't be kept where all are published"
            findings.note("permalink", at, what, f"wanted is one for all posts ({in_env('permalink')})")
        return
    try:
        path = from_hugo(pattern, home, flags=flags, is_dated=_is_dated(config), is_ugly=is_ugly)
    except ValueError as error:
        wanted = f"wanted is a path of {{year}} {{month}} {{day}} {{slug}} ({in_env('permalink')})"
        findings.note("permalink", at, f"the permalinks {pattern!r} can't be kept, {error}", wanted)
        return
    findings.take("permalink", Found(value=_below(config, path), file=at.file, line=at.line))


def _is_dated(config: Config) -> bool:
    """Whether Hugo is told to look for the date in the file's name, and then takes the slug from there as well."""
    asked = config.get("frontmatter.date")
    return ":filename" in (str(each).lower() for each in (asked if isinstance(asked, list) else [asked]))


def _below(config: Config, path: str) -> str:
    """The main language may have a folder of its own."""
    language = config.text("defaultcontentlanguage")
    is_below = config.says("defaultcontentlanguageinsubdir")
    return "/" + re.sub("//+", "/", f"{language.value if language else 'en'}{path}" if is_below else path[1:])
