"""What nginx and Caddy are told, so that they serve a built site as `publisher serve` does.

Each function writes a text to include where a site is set up; whoever includes it still decides on names, ports and
certificates. Left to the server is what only it can do: its ETags are made from a file's time and size.

The output folder's path can't hold `$` for nginx, nor braces for Caddy: they have no way to write them.
"""

from collections.abc import Iterable, Iterator
from urllib.parse import unquote, urlsplit

from publisher.core.media import FEED_TYPES, TYPES, UNKNOWN, is_text
from publisher.core.model import Site
from publisher.core.moved import REDIRECTS_NAME, Moved, place, settled

_CACHE = "public, max-age=900"
_ALLOW = "GET, HEAD, OPTIONS"
_FOR_ALL_ORIGINS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Last-Modified, Link",
}
_PREFLIGHT = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, HEAD",
    "Access-Control-Allow-Headers": "If-None-Match, If-Modified-Since",
    "Access-Control-Max-Age": "86400",
}
_SITEMAP = "application/xml; charset=utf-8"
_TIDY_PATH = r"/[A-Za-z0-9._~/%!&'()*+,;=:@-]*"
"""A path that may be repeated in a header: all that a feed's can hold, and nothing that ends a URL early."""

_NGINX = """\
# How nginx serves {url}: for `include` in a server block. Every build writes this file anew.

{moved}location = {missing} {{
    alias {missing_file};
    types {{ }}
    default_type "text/html; charset=utf-8";
    add_header Cache-Control no-store always;
    add_header X-Content-Type-Options nosniff always;
}}

location @publisher_only_reads {{
    add_header Allow "{allow}" always;
    add_header X-Content-Type-Options nosniff always;
    return 405;
}}

location {top} {{
    alias {output};
    index index.html;
    types {{
{types}
    }}
    default_type {unknown};
    etag on;
    if_modified_since before;
    gzip off;
    gzip_static on;
    gzip_vary on;
    gzip_proxied any;
    absolute_redirect off;
    error_page 404 410 {missing};
    error_page 403 =404 {missing};
    error_page 405 @publisher_only_reads;
    add_header Cache-Control "{cache}";
    add_header X-Content-Type-Options nosniff always;

    location ~ /\\. {{
        return 404;
    }}
    location = {redirects} {{
        return 404;
    }}
    location = {sitemap} {{
        types {{ }}
        default_type "{sitemap_type}";
    }}
{feeds}}}
"""
_NGINX_FEED = """\
    location ~ {pattern} {{
        types {{ }}
        default_type "{kind}";
        add_header Cache-Control "{cache}";
        add_header X-Content-Type-Options nosniff always;
{headers}        add_header Link $publisher_links;
        set $publisher_links "";
        if ($request_uri ~ "^(?<publisher_path>{path})(\\?|$)") {{
            set $publisher_links {links};
        }}
        if ($request_method = OPTIONS) {{
            add_header Allow "{allow}";
{preflight}            return 204;
        }}
    }}
"""


def nginx(site: Site, *, output: str, moved: Iterable[Moved]) -> str:
    """For a `server` block. `output` is the absolute path of the built site; `.gz` files beside the others are used."""
    root, folder = unquote(site.root), output.rstrip("/")
    return _NGINX.format(
        url=site.url,
        moved="".join(_nginx_moved(site, settled(moved))),
        missing=_quoted(f"{root}/404.html"),
        missing_file=_quoted(f"{folder}/404.html"),
        allow=_ALLOW,
        top=_quoted(f"{root}/"),
        output=_quoted(f"{folder}/"),
        types="\n".join(f'        "{kind}" {" ".join(endings)};' for kind, endings in _endings()),
        unknown=UNKNOWN,
        cache=_CACHE,
        redirects=_quoted(f"{root}/{REDIRECTS_NAME}"),
        sitemap=_quoted(f"{root}/sitemap.xml"),
        sitemap_type=_SITEMAP,
        feeds="".join(_nginx_feed(site, name, kind) for name, kind in FEED_TYPES.items()),
    )


def _nginx_moved(site: Site, moves: Iterable[Moved]) -> Iterator[str]:
    head = f'    absolute_redirect off;\n    add_header Cache-Control "{_CACHE}";\n'
    if site.root:
        yield f"location = {_quoted(unquote(site.root))} {{\n{head}    return 301 {_quoted(site.root + '/$is_args$args')};\n}}\n"
    gone = f"    error_page 410 {_quoted(unquote(site.root) + '/404.html')};\n    return 410;\n"
    for move in moves:
        does = gone if move.new is None else f"{head}    return 301 {_quoted(_url(move.new))};\n"
        for path in (place(move.old), place(move.old) + "/"):
            yield f"location = {_quoted(path)} {{\n{does}}}\n"


def _nginx_feed(site: Site, name: str, kind: str) -> str:
    return _NGINX_FEED.format(
        pattern=_quoted(f"/{name.replace('.', chr(92) + '.')}$"),
        kind=kind,
        cache=_CACHE,
        allow=_ALLOW,
        path=_TIDY_PATH,
        links=_quoted(_links(site, "$publisher_path")),
        headers="".join(f'        add_header {name} "{value}";\n' for name, value in _FOR_ALL_ORIGINS.items()),
        preflight="".join(f'            add_header {name} "{value}";\n' for name, value in _PREFLIGHT.items()),
    )


_CADDY = """\
# How Caddy serves {url}: for `import` in a site block. Every build writes this file anew.

route {{
{moved}    {handle} {{
        root * {output}
        route {{
            @publisher_asks {{
                method OPTIONS
                path {feeds}
            }}
            handle @publisher_asks {{
                header Allow "{allow}"
{preflight}                respond 204
            }}
            @publisher_writes not method GET HEAD
            handle @publisher_writes {{
                header Allow "{allow}"
                header X-Content-Type-Options nosniff
                respond "Files are only read." 405
            }}
            @publisher_folder {{
                not path */ */.*
                file {{path}}/index.html
                {raw}
            }}
            handle @publisher_folder {{
                header Cache-Control "{cache}"
                redir {{http.regexp.publisher.1}}/{{http.regexp.publisher.2}} 301
            }}
            @publisher_in_folder path */
            rewrite @publisher_in_folder {{path}}index.html
            @publisher_file {{
                not path */.* /{redirects}
                file {{path}}
            }}
            handle @publisher_file {{
                route {{
                    header Cache-Control "{cache}"
                    header X-Content-Type-Options nosniff
{types}                    @publisher_feed path {feeds}
{origins}                    @publisher_self {{
                        path {feeds}
                        {raw}
                    }}
                    header @publisher_self Link {links}
                    @publisher_text path {texts}
                    header @publisher_text {{
                        Vary Accept-Encoding
                        defer
                    }}
                    file_server {{
                        precompressed gzip
                        disable_canonical_uris
                    }}
                }}
            }}
{missing}        }}
    }}
}}
"""
_CADDY_RAW = f'vars_regexp publisher {{http.request.orig_uri}} "^({_TIDY_PATH})(\\?.*)?$"'
"""The path and the query as they were asked for: still encoded, with the path of the site's address."""
_CADDY_PAGE = """\
            handle{matcher} {{
                root * {output}
                header Cache-Control no-store
                header X-Content-Type-Options nosniff
                header Content-Type "text/html; charset=utf-8"
                rewrite * /404.html
                file_server {{
                    status {status}
                }}
            }}
"""


def caddy(site: Site, *, output: str, moved: Iterable[Moved]) -> str:
    """For a site block. `output` is the absolute path of the built site; `.gz` files beside the others are used."""
    quoted_output = _quoted(output.rstrip("/"))
    texts = [f"*.{ending}" for kind, endings in _endings() if is_text(kind) for ending in endings]
    return _CADDY.format(
        url=site.url,
        moved="".join(_caddy_moved(site, quoted_output, settled(moved))),
        handle=f"handle_path {_quoted(unquote(site.root) + '/*')}" if site.root else "handle",
        output=quoted_output,
        feeds=" ".join(f"*/{name}" for name in FEED_TYPES),
        allow=_ALLOW,
        preflight=_caddy_headers("", 16, _PREFLIGHT),
        raw=_CADDY_RAW,
        cache=_CACHE,
        redirects=REDIRECTS_NAME,
        types="".join(_caddy_types()),
        origins=_caddy_headers("@publisher_feed ", 20, _FOR_ALL_ORIGINS),
        links=_quoted(_links(site, "{http.regexp.publisher.1}")),
        texts=" ".join(texts),
        missing=_CADDY_PAGE.format(matcher="", output=quoted_output, status=404),
    )


def _caddy_moved(site: Site, output: str, moves: tuple[Moved, ...]) -> Iterator[str]:
    if site.root:
        yield f"    @publisher_top {{\n        path {_quoted(unquote(site.root))}\n        {_CADDY_RAW}\n    }}\n"
        yield "    redir @publisher_top {http.regexp.publisher.1}/{http.regexp.publisher.2} 301\n"
    if not moves:
        return
    yield "    map {http.request.uri.path} {publisher_moved} {\n"
    for move in moves:
        for path in (place(move.old), place(move.old) + "/"):
            yield f"        {_quoted(path)} {_quoted(_url(move.new) if move.new else 'gone')}\n"
    yield "        default there\n    }\n"
    yield (
        '    @publisher_moved not expression {publisher_moved} in ["there", "gone"]\n'
        "    handle @publisher_moved {\n"
        f'        header Cache-Control "{_CACHE}"\n'
        "        redir {publisher_moved} 301\n    }\n"
        '    @publisher_gone expression {publisher_moved} == "gone"\n'
    )
    yield _CADDY_PAGE.format(matcher=" @publisher_gone", output=output, status=410).replace(" " * 12, "    ", 1)


def _caddy_types() -> Iterator[str]:
    yield f"                    header Content-Type {UNKNOWN}\n"
    named = [(kind, [f"*/{name}"]) for name, kind in FEED_TYPES.items()]
    by_ending = [(kind, [f"*.{ending}" for ending in endings]) for kind, endings in _endings()]
    for number, (kind, patterns) in enumerate([*by_ending, *named, (_SITEMAP, ["/sitemap.xml"])]):
        yield f"                    @publisher_{number} path {' '.join(patterns)}\n"
        yield f'                    header @publisher_{number} Content-Type "{kind}"\n'


def _caddy_headers(matcher: str, indent: int, headers: dict[str, str]) -> str:
    return "".join(f'{" " * indent}header {matcher}{name} "{value}"\n' for name, value in headers.items())


def _endings() -> list[tuple[str, list[str]]]:
    """Every type with the endings of its files, without their dots."""
    found: dict[str, list[str]] = {}
    for ending, kind in TYPES.items():
        found.setdefault(kind, []).append(ending.removeprefix("."))
    return sorted(found.items())


def _links(site: Site, path: str) -> str:
    """What a feed says of itself (WebSub, 4), where the server knows the path."""
    hub = f'<{_url(site.websub_hub)}>; rel="hub", ' if site.websub_hub else ""
    parts = urlsplit(site.url)
    return f'{hub}<{parts.scheme}://{parts.netloc}{path}>; rel="self"'


def _url(text: str) -> str:
    """Without the signs that mean something to one of the servers."""
    return text.replace("$", "%24").replace("{", "%7B").replace("}", "%7D")


def _quoted(text: str) -> str:
    """One word, in the way of both servers."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
