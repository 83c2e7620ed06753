"""Look for what is wrong, and write nothing."""

from collections.abc import Iterator
from datetime import datetime

from publisher.actions.press import Changed, Press
from publisher.actions.publication import Workshop
from publisher.actions.survey import folder_name, take_stock
from publisher.core import pages
from publisher.core.errors import TemplateBroken
from publisher.core.library import Library
from publisher.core.links import broken_links
from publisher.core.model import Problem
from publisher.core.prose import Prose
from publisher.disk.kept import Kept


def inspect(workshop: Workshop, now: datetime) -> tuple[Library, list[Problem]]:
    """Every problem of the posts and their links, in the order of the files, and the first of each template."""
    library = take_stock(workshop, Kept(), now).library
    folder, press = folder_name(workshop), Press(workshop, library)
    known = {workshop.site.href(post.entry.path) for post in library.placed} | {
        workshop.site.href(f"/{path}") for path in library.assets
    }
    found = {*library.problems}
    newest: Prose | None = None
    for placed in library.placed:
        try:
            prose = press.read(placed)
        except Changed:
            continue  # it is being written at this moment
        newest = newest or prose
        text = (workshop.folders.posts / placed.source).read_text(encoding="utf-8", errors="replace")
        links = broken_links(prose.html, text, prose.place, file=f"{folder}/{placed.source}", known=known)
        found |= {*prose.problems, *links}
    problems = sorted(found, key=lambda problem: (problem.file, problem.line or 0, problem.what))
    return library, [*problems, *_of_templates(workshop, library, newest)]


def _of_templates(workshop: Workshop, library: Library, newest: Prose | None) -> Iterator[Problem]:
    site = workshop.site
    posts = [newest.post] if newest else []
    shown: list[tuple[str, pages.Page]] = [
        ("index.html", pages.index_page(site, posts, more=True)),
        ("list.html", pages.list_page(site, "tag", "a tag", posts, library.placed[:1])),
        ("archive.html", pages.archive_page(site, library.placed[:1], [])),
        ("subscribe.html", pages.subscribe_page(site)),
        ("message.html", pages.not_found_page(site)),
    ]
    if newest:
        shown.append(("post.html", pages.post_page(site, newest.post, newest.page_html, newer=None, older=None)))
    for name, page in shown:
        try:
            workshop.templates.page(name, page=page)
        except TemplateBroken as error:
            wanted = "mend the template, or delete it to have ours"
            yield Problem(file=error.file, line=error.line, what=error.what, wanted=wanted)
