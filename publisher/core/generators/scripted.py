"""Astro and Eleventy, which are set up by JavaScript: of it only the words in quotes behind known names are read."""

from publisher.core.generators.findings import OUTPUT, Findings, Found
from publisher.core.generators.reading import Config, Script

ASTRO, ELEVENTY = "Astro", "Eleventy"


def astro(script: Script, words: Script, findings: Findings) -> None:
    """`words` is `src/consts.ts`, where Astro's own blog keeps its title."""
    base = script.text("base")
    findings.take_address(script.text("site"), base.value if base else "")
    findings.take("site_title", words.text("SITE_TITLE"))
    findings.take("site_description", words.text("SITE_DESCRIPTION"))
    findings.take("site_language", script.text("defaultLocale"))
    is_file = getattr(script.text("format"), "value", "") == "file"
    for home, section in (
        ("src/content/blog", "blog"),
        ("src/content/posts", "posts"),
        ("src/pages/blog", "blog"),
        ("src/pages/posts", "posts"),
    ):
        if findings.take_folder(home, script.file):
            is_collection = home.startswith("src/content/")
            below = "{folder:astro}/{name:astro}" if is_collection else "{folder:eleventy}/{name:eleventy}"
            path = f"/{section}/{below}{'.html' if is_file else '/'}"
            findings.take("permalink", Found(value=path, file=script.file))
            break
    findings.take("output_dir", Found(value=OUTPUT, file=script.file))


def eleventy(script: Script, words: Config, findings: Findings) -> None:
    """`words` is the data file in which its own blog keeps title and address."""
    findings.take_address(words.text("url", "base") or script.text("site", "siteUrl", "base"))
    findings.take("site_title", words.text("title", "name"))
    findings.take("site_description", words.text("description", "subtitle"))
    findings.take("site_language", words.text("language", "lang"))
    findings.take_author(words.text("author", "author.name"))
    findings.take_mail(words.text("author.email"))
    given = script.text("input")
    home = given.value.strip("./") if given else ""
    for section in ("posts", "blog", "content/posts", "content/blog", "src/posts", "src/blog"):
        if findings.take_folder(f"{home}/{section}" if home else section, script.file):
            path = section if given else section.removeprefix("content/").removeprefix("src/")
            findings.take("permalink", Found(value=f"/{path}/{{folder:eleventy}}/{{name:eleventy}}/", file=script.file))
            break
    findings.take("output_dir", Found(value=OUTPUT, file=script.file))
