"""Which post somebody means, by whatever name they know it."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from publisher.core.errors import PublisherError
from publisher.core.model import Site

_NEAREST = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A post that is there, may come, or was there once, by all of its names."""

    key: str | None
    """None for one that was never public."""
    file: str
    """With the folder of posts in front; empty where nobody knows it any more."""
    paths: tuple[str, ...]
    """Where it stands on the web, and stood, below the site's root."""
    slug: str
    title: str

    def __str__(self) -> str:
        return self.file or self.key or self.title


def meant(name: str, posts: Iterable[Named], site: Site) -> Named:
    """The one post of this key, file, address, slug or title: the first kind of name that fits decides.

    Raises PublisherError where none is called so, or several are.
    """
    found = [*posts]
    for fits in (_is_key, _is_file, _is_address, _is_slug, _is_title):
        matches = [post for post in found if fits(post, name.strip(), site)]
        if len(matches) > 1:
            raise PublisherError(f"{name} may be {_listed(matches)}: wanted is one of these")
        if matches:
            return matches[0]
    raise PublisherError(f"there is no post {name}, {_advice(name, found)}")


def _is_key(post: Named, name: str, _: Site) -> bool:
    return post.key == name


def _is_file(post: Named, name: str, _: Site) -> bool:
    file = name.removeprefix("./")
    return bool(post.file) and (post.file == file or post.file.partition("/")[2] == file)


def _is_address(post: Named, name: str, site: Site) -> bool:
    address = _plain(name)
    return bool(address) and any(
        address in (_plain(path), _plain(site.href(path)), _plain(site.absolute(path))) for path in post.paths
    )


def _is_slug(post: Named, name: str, _: Site) -> bool:
    return name.casefold() in {each.casefold() for each in _slugs(post)}


def _is_title(post: Named, name: str, _: Site) -> bool:
    return bool(name) and post.title.casefold() == name.casefold()


def _plain(address: str) -> str:
    """Without the scheme, slashes at both ends, and what does not tell pages apart."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return unquote(parts.netloc + parts.path).removesuffix("index.html").strip("/")


def _slugs(post: Named) -> set[str]:
    path = PurePosixPath(post.file)
    ends = {_plain(each).rpartition("/")[2] for each in post.paths}
    return ({post.slug, path.name, path.stem, (post.key or "").partition(":")[2]} | ends) - {"", "index", "index.md"}


def _advice(name: str, posts: list[Named]) -> str:
    by_name = {each.casefold(): post for post in posts for each in (*_slugs(post), post.title) if each}
    near = get_close_matches(PurePosixPath(_plain(name) or name).stem.casefold(), by_name, n=_NEAREST, cutoff=0.5)
    return f"the nearest is {_listed([by_name[each] for each in near])}" if near else "wanted is its file or its title"


def _listed(posts: list[Named]) -> str:
    return " or ".join(dict.fromkeys(map(str, posts)))
