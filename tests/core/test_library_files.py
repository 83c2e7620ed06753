"""Pictures, recordings and addresses in posts: found beside them, below the folder of posts, or elsewhere."""

import pytest

from tests.core.readthrough import one, read, site


@pytest.mark.parametrize("root", ["", "/blog", "/~ada/notes"])
@pytest.mark.parametrize(
    ("body", "on_page", "in_feed"),
    [
        ("![](images/a%20b.png)", "{root}/images/a%20b.png", "{site}/images/a%20b.png"),
        ("![](/images/a%20b.png)", "{root}/images/a%20b.png", "{site}/images/a%20b.png"),
        ("![](../images/a%20b.png?x=1#y)", "{root}/images/a%20b.png?x=1#y", "{site}/images/a%20b.png?x=1#y"),
        ("![](pot.png)", "{root}/bundle/pot.png", "{site}/bundle/pot.png"),
        ("![](./pot.png)", "{root}/bundle/pot.png", "{site}/bundle/pot.png"),
        ("![](bundle/pot.png)", "{root}/bundle/pot.png", "{site}/bundle/pot.png"),
        ("[a](../other/)", "../other/", "{site}/2026/11/other/"),
        ("[a](#part)", "#part", "{site}/2026/11/bundle/#part"),
        ("[a](?q=1)", "?q=1", "{site}/2026/11/bundle/?q=1"),
        ("[a](https://example.com/b)", "https://example.com/b", "https://example.com/b"),
        ("[a](//example.com/b)", "//example.com/b", "https://example.com/b"),
        ("[a](mailto:a@b.org)", "mailto:a@b.org", "mailto:a@b.org"),
        ("![](nowhere.png)", "nowhere.png", "{site}/2026/11/bundle/nowhere.png"),
    ],
)
def test_addresses_in_a_post_lead_to_the_same_place_from_page_and_feed(
    root: str, body: str, on_page: str, in_feed: str
) -> None:
    found = one("lang: en", body, path="bundle/index.md", where=site(f"https://example.org{root}")).body
    values = {"root": root, "site": f"https://example.org{root}"}
    assert f'="{on_page.format(**values)}"' in found.html
    assert f'="{in_feed.format(**values)}"' in found.content_html


@pytest.mark.parametrize(
    ("head", "url", "size"),
    [
        ("image: images/a b.png", "https://example.org/images/a%20b.png", (640, 480)),
        ("cover: /images/a%20b.png", "https://example.org/images/a%20b.png", (640, 480)),
        ("banner: {src: pot.png}", "https://example.org/bundle/pot.png", (640, 480)),
        ("image: {path: pot.png}", "https://example.org/bundle/pot.png", (640, 480)),
        ("image: https://example.com/x.png", "https://example.com/x.png", (None, None)),
    ],
)
def test_an_image_is_found_beside_the_post_or_elsewhere(
    head: str, url: str, size: tuple[int | None, int | None]
) -> None:
    image = one(f"{head}\nimage_alt: A pot", path="bundle/index.md").post.image
    assert image is not None
    assert (image.url, image.alt, image.width, image.height) == (url, "A pot", *size)


@pytest.mark.parametrize(
    ("head", "url", "kind", "length"),
    [
        ("enclosure: audio/bell.mp3", "https://example.org/audio/bell.mp3", "audio/mpeg", 1234),
        ("audio: {url: audio/bell.mp3, type: audio/x-own}", "https://example.org/audio/bell.mp3", "audio/x-own", 1234),
        ("enclosure: https://e.org/a.ogg?x=y.zip", "https://e.org/a.ogg?x=y.zip", "audio/ogg", 0),
        ("enclosure: {url: 'https://e.org/a.mp3', length: 99}", "https://e.org/a.mp3", "audio/mpeg", 99),
        ("enclosure: {url: 'https://e.org/a.mp3', length: many}", "https://e.org/a.mp3", "audio/mpeg", 0),
        ("enclosure: https://e.org/notes.txt", "https://e.org/notes.txt", "text/plain", 0),
        ("enclosure: https://e.org/what", "https://e.org/what", "application/octet-stream", 0),
    ],
)
def test_an_enclosure_has_its_address_type_and_length(head: str, url: str, kind: str, length: int) -> None:
    found = one(head).post.enclosure
    assert found is not None
    assert (found.url, found.media_type, found.length_bytes) == (url, kind, length)


@pytest.mark.parametrize("key", ["image", "enclosure"])
def test_a_file_that_is_not_there_is_a_warning_and_the_post_goes_on(key: str) -> None:
    found = read({"a.md": f"---\ndate: 2026-11-01\n{key}: nowhere.png\n---\nText"})
    (post,), (problem,) = found.posts, found.problems
    assert post.image is None
    assert post.enclosure is None
    assert (problem.line, problem.severity) == (3, "warning")
    assert problem.what == f"{key} names nowhere.png, which is not there"
