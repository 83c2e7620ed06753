"""The names that tell a generator's folder. Imports nothing, since it is asked before every build."""

_HUGO_ROOM = "config/_default"
_DATA = ("toml", "yaml", "yml", "json")

JEKYLL = ("_config.yml", "_config.yaml", "_config.toml")
HUGO = (*(f"hugo.{end}" for end in _DATA), *(f"{_HUGO_ROOM}/hugo.{end}" for end in _DATA))
HUGO_OR_ZOLA = (*(f"config.{end}" for end in _DATA), *(f"{_HUGO_ROOM}/config.{end}" for end in _DATA))
HUGO_PARTS = tuple(f"{_HUGO_ROOM}/{part}.{end}" for part in ("params", "permalinks") for end in _DATA)
ZOLA = ("zola.toml",)
PELICAN = ("pelicanconf.py", "publishconf.py")
ASTRO = tuple(f"astro.config.{end}" for end in ("mjs", "js", "ts", "mts", "cjs"))
ASTRO_WORDS = ("src/consts.ts", "src/consts.js")
ELEVENTY = (".eleventy.js", *(f"eleventy.config.{end}" for end in ("js", "mjs", "cjs", "ts")))
ELEVENTY_WORDS = ("_data/metadata.json", "_data/site.json")

FILES = (
    *JEKYLL,
    *HUGO,
    *HUGO_OR_ZOLA,
    *HUGO_PARTS,
    *ZOLA,
    *PELICAN,
    *ASTRO,
    *ASTRO_WORDS,
    *ELEVENTY,
    *ELEVENTY_WORDS,
)
"""All files that are looked into, relative to the site's folder."""

POST_FOLDERS = (
    "_posts",
    "content/posts",
    "content/post",
    "content/blog",
    "content",
    "src/content/blog",
    "src/content/posts",
    "src/posts",
    "blog",
)
"""Where posts lie in a folder that no generator's file explains; the first one that is there counts."""
