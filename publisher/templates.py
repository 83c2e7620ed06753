"""Values to text through jinja2. Decides nothing: a template of the site wins over ours of the same name."""

from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import css_inline
from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError, TemplateSyntaxError

from publisher import __version__
from publisher.core.errors import TemplateBroken
from publisher.core.model import Site, direction

_MONTHS = "January February March April May June July August September October November December".split()  # noqa: SIM905


def shipped() -> Path:
    """The folder of the templates that come with publisher: in the wheel, or at the top of a source tree."""
    package = Path(__file__).parent
    inside = package / "starter" / "templates"
    return inside if inside.is_dir() else package.parent / "templates"


def day(moment: datetime) -> str:
    """`22 November 2026`, whatever the locale of the process."""
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}"


def size(length_bytes: int) -> str:
    """`812 bytes`, `24 KB`, `3.1 MB`."""
    if length_bytes < 1000:
        return f"{length_bytes} bytes"
    if length_bytes < 1_000_000:
        return f"{length_bytes / 1000:.0f} KB"
    return f"{length_bytes / 1_000_000:.1f} MB"


class Templates:
    """The templates of one site.

    Every template knows `site` (core.model.Site), `style_href` and `version`; pages get `page` (core.pages), letters get
    `letter` and their own values. Undefined names are errors that tell file and line.
    """

    def __init__(self, site: Site, folder: Path) -> None:
        self._site, self._folder = site, folder
        self._inliner = css_inline.CSSInliner(keep_style_tags=False, keep_at_rules=False, load_remote_stylesheets=False)
        self.refresh()

    def refresh(self) -> None:
        """Read the templates anew, after a change."""
        self._folders = [self._folder, shipped()] if self._folder.is_dir() else [shipped()]
        self._html = self._environment(autoescape=True)
        self._text = self._environment(autoescape=False)

    def _environment(self, *, autoescape: bool) -> Environment:
        environment = Environment(
            loader=FileSystemLoader(self._folders),
            autoescape=autoescape,  # noqa: S701 (False is for the text parts of letters)
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            auto_reload=False,
        )
        environment.filters |= {"day": day, "iso": datetime.isoformat, "size": size, "direction": direction}
        environment.globals |= {
            "site": self._site,
            "version": __version__,
            "style_href": self._site.href(f"/style.css?{sha256(self.style()).hexdigest()[:8]}"),
        }
        return environment

    def style(self) -> bytes:
        """The style sheet of the pages."""
        found = next(f for folder in self._folders if (f := folder / "style.css").is_file())
        return found.read_bytes()

    def page(self, name: str, **values: Any) -> str:
        """An HTML page from the template `name`."""
        return self._render(self._html, name, values)

    def letter_html(self, name: str, **values: Any) -> str:
        """The HTML part of a letter, its styles inlined."""
        return self._inliner.inline(self._render(self._html, name, values))

    def letter_text(self, name: str, **values: Any) -> str:
        """The text part of a letter."""
        return self._render(self._text, name, values)

    def _render(self, environment: Environment, name: str, values: dict[str, Any]) -> str:
        try:
            return environment.get_template(name).render(values)
        except TemplateSyntaxError as error:
            raise TemplateBroken(error.filename or name, error.lineno, error.message or "it can't be parsed") from error
        except TemplateError as error:
            raise TemplateBroken(*_place(error, name), error.message or "it can't be rendered") from error
        except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
            raise TemplateBroken(*_place(error, name), str(error)) from error


def _place(error: Exception, name: str) -> tuple[str, int | None]:
    """The template's file and line: the deepest frame of the traceback that is a template's."""
    place: tuple[str, int | None] = (name, None)
    trace = error.__traceback__
    while trace:
        if trace.tb_frame.f_globals.get("__jinja_template__") is not None or trace.tb_frame.f_code.co_filename.endswith(
            (".html", ".txt")
        ):
            place = (trace.tb_frame.f_code.co_filename, trace.tb_lineno)
        trace = trace.tb_next
    return place
