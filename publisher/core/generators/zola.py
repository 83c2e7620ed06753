"""Zola: `config.toml` with a `base_url`, and `content/blog`."""

from publisher.core.generators.findings import OUTPUT, Findings, Found
from publisher.core.generators.reading import Config

NAME = "Zola"
_SECTIONS = ("blog", "posts", "post", "articles", "notes")


def zola(config: Config, findings: Findings) -> None:
    findings.take("site_title", config.text("title"))
    findings.take_address(config.text("base_url"))
    findings.take("site_description", config.text("description"))
    findings.take("site_language", config.text("default_language"))
    findings.take_author(config.text("author", "extra.author"))
    section = next((name for name in _SECTIONS if findings.take_folder(f"content/{name}", config.file)), "")
    if not section:
        findings.take_folder("content", config.file)
    paths, keeps_dates = config.text("slugify.paths"), config.says("slugify.paths_keep_dates")
    style = {"safe": "zola-safe", "off": "zola-off"}.get(paths.value if paths else "", "zola")
    name = f"{{{'name' if keeps_dates else 'slug'}:{style}}}"
    path = f"/{section}/{{folder}}/{name}/" if section else f"/{{folder}}/{name}/"
    findings.take("permalink", Found(value=path, file=config.file))
    findings.take("output_dir", Found(value=OUTPUT, file=config.file))
