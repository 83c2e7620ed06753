"""Jekyll: `_config.yml` and `_posts`."""

from typing import Any

from publisher.core.generators.findings import OUTPUT, Findings, Found, in_env
from publisher.core.generators.permalinks import JEKYLL_DEFAULT, from_jekyll
from publisher.core.generators.reading import Config

NAME = "Jekyll"


def jekyll(config: Config, findings: Findings) -> None:
    url = config.text("url")
    findings.take("site_title", config.text("title", "name"))
    base = config.get("baseurl")
    findings.take_address(url, base if isinstance(base, str) else "")
    if url is None and config.values:
        findings.note(
            "site_url", config.at("url"), "the file has no url", f"wanted is the site's address ({in_env('site_url')})"
        )
    findings.take("site_description", config.text("description", "tagline", "subtitle"))
    findings.take("site_language", _language(config.text("lang", "language", "locale")))
    findings.take("timezone", config.text("timezone"))
    findings.take_author(config.text("author", "author.name"))
    findings.take_mail(config.text("author.email", "email"))
    _folders(config, findings)
    _permalink(config, findings)
    if path := config.text("feed.path"):
        findings.take("feed_aliases", config.at("feed", f"/{path.value.lstrip('/')}=atom.xml"))


def _language(found: Found | None) -> Found | None:
    """Themes write `en_US`."""
    return found and Found(value=found.value.replace("_", "-"), file=found.file, line=found.line)


def _folders(config: Config, findings: Findings) -> None:
    home = [part.value for name in ("source", "collections_dir") if (part := config.text(name)) and part.value != "."]
    findings.take_folder("/".join([*home, "_posts"]), config.file)
    findings.take("output_dir", Found(value=OUTPUT, file=config.file))
    left_out = config.get("exclude")
    names = left_out if isinstance(left_out, list) else [left_out]
    is_inside = "source" not in config.values
    if is_inside and not any(str(name).strip("/").split("/")[0] == "var" for name in names):
        what = "Jekyll would copy the folder var, with the addresses of your readers, to its site"
        findings.note(None, config.at("exclude"), what, "wanted is the line exclude: [var]")


def _permalink(config: Config, findings: Findings) -> None:
    found = _default_of_posts(config) or config.text("collections.posts.permalink", "permalink")
    if found is None:
        findings.take("permalink", Found(value=JEKYLL_DEFAULT, file=config.file))
        return
    try:
        path = from_jekyll(found.value)
    except ValueError as error:
        _inexpressible(findings, found, str(error))
        return
    findings.take("permalink", Found(value=path, file=found.file, line=found.line))


def _inexpressible(findings: Findings, found: Found, why: str) -> None:
    wanted = f"wanted is a path of {{year}} {{month}} {{day}} {{slug}} {{categories}} ({in_env('permalink')})"
    what = f"the permalinks {found.value!r} can't be kept, {why}"
    findings.note("permalink", found, what, wanted)


def _default_of_posts(config: Config) -> Found | None:
    """The permalink that `defaults` gives to all posts."""
    defaults = config.get("defaults")
    for each in defaults if isinstance(defaults, list) else []:
        scope, values = (_mapping(each, name) for name in ("scope", "values"))
        is_of_posts = scope.get("type", "posts") in ("posts", "post") and scope.get("path") in ("", "_posts", None)
        if is_of_posts and isinstance(values.get("permalink"), str):
            return config.at("defaults", values["permalink"])
    return None


def _mapping(value: Any, name: str) -> dict[str, Any]:
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}
