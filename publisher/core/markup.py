"""A post's body to HTML, whatever it is written in."""

from publisher.core.generated import expand
from publisher.core.head import Head
from publisher.core.markdown import render_markdown
from publisher.core.model import Problem
from publisher.core.place import Place
from publisher.core.rst import render_rst


def render_html(head: Head, place: Place) -> tuple[str, tuple[Problem, ...]]:
    """The HTML with its addresses as they were written, and what was wrong with the generators' tags in it."""
    text, problems = expand(
        head.body,
        suffix=head.path.suffix,
        file=head.file,
        body_line=head.body_line,
        resolve=place.named,
        title=head.text("title"),
    )
    if head.markup == "html":
        return text, problems
    if head.markup == "rst":
        html, more = render_rst(text, file=head.file, body_line=head.body_line)
        return html, (*problems, *more)
    return render_markdown(text), problems
