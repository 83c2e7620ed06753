"""Values to text through jinja2. Decides nothing: a template of the site wins over ours of the same name."""

from datetime import datetime
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # a build that renders nothing is not made to load them
    from jinja2 import Environment

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
    return f"{day_of_year(moment)} {moment.year}"


def day_of_year(moment: datetime) -> str:
    """`22 November`."""
    return f"{moment.day} {_MONTHS[moment.month - 1]}"


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

    def __init__(self, site: Site, folder: Path, cache: Path | None = None) -> None:
        """`cache` is a folder where compiled templates are kept."""
        self._site, self._folder, self._cache = site, folder, cache
        self.refresh()

    def refresh(self) -> None:
        """Read the templates anew, after a change."""
        self._folders = [self._folder, shipped()] if self._folder.is_dir() else [shipped()]
        for read in ("_html", "_text"):
            self.__dict__.pop(read, None)

    def signature(self) -> str:
        """Changes when a template does."""
        found = sha256()
        for folder in self._folders:
            for path in sorted(path for path in folder.rglob("*") if path.is_file()):
                found.update(f"{path.relative_to(folder)}\0".encode("utf-8", "surrogateescape"))
                found.update(sha256(path.read_bytes()).digest())
        return found.hexdigest()

    @cached_property
    def _html(self) -> "Environment":
        return self._environment(autoescape=True)

    @cached_property
    def _text(self) -> "Environment":
        return self._environment(autoescape=False)

    @cached_property
    def _inliner(self) -> Any:
        import css_inline

        return css_inline.CSSInliner(keep_style_tags=False, keep_at_rules=False, load_remote_stylesheets=False)

    def _environment(self, *, autoescape: bool) -> "Environment":
        from jinja2 import Environment, FileSystemBytecodeCache, FileSystemLoader, StrictUndefined

        if self._cache:
            self._cache.mkdir(parents=True, exist_ok=True)

        environment = Environment(
            loader=FileSystemLoader(self._folders),
            autoescape=autoescape,  # noqa: S701 (False is for the text parts of letters)
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            auto_reload=False,
            bytecode_cache=FileSystemBytecodeCache(str(self._cache)) if self._cache else None,
        )
        environment.filters |= {
            "day": day,
            "day_of_year": day_of_year,
            "iso": datetime.isoformat,
            "size": size,
            "direction": direction,
        }
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
        html: str = self._inliner.inline(self._render(self._html, name, values))
        return html

    def letter_text(self, name: str, **values: Any) -> str:
        """The text part of a letter."""
        return self._render(self._text, name, values)

    def _render(self, environment: "Environment", name: str, values: dict[str, Any]) -> str:
        from jinja2 import TemplateError, TemplateSyntaxError

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
