"""Generators' own tags in a post's body: none reaches a reader raw, and none that a post only shows is touched."""

from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.core.generated import expand
from publisher.core.markdown import render_markdown
from publisher.core.model import Problem

KNOWN = {"2026-11-22-a-post": "/a-post/", "posts/b.md": "/b/", "b.md": "/b/", "images/a.png": "/images/a.png"}


def resolve(name: str) -> str | None:
    """A site that lies in a folder, with two posts and a picture."""
    return KNOWN.get(name) or (f"/root{name}" if name.startswith("/") else None)


def expanded(body: str, suffix: str = ".md") -> tuple[str, tuple[Problem, ...]]:
    return expand(body, suffix=suffix, file="posts/x.md", body_line=5, resolve=resolve)


def link(url: str, label: str | None = None) -> str:
    return f'<a href="{url}">{label or url.removeprefix("https://").removeprefix("www.")}</a>'


FILM = "https://www.youtube.com/watch?v=w7Ft2ymGmfc"


def quietly(body: str, suffix: str = ".md") -> str:
    text, problems = expanded(body, suffix)
    assert problems == ()
    return text


def warned(body: str, suffix: str = ".md") -> tuple[str, list[int | None]]:
    """The text, and the lines that are complained of."""
    text, problems = expanded(body, suffix)
    assert all((each.file, each.severity) == ("posts/x.md", "warning") and each.wanted for each in problems)
    return text, [each.line for each in problems]


@pytest.mark.parametrize(
    "body",
    [
        "Plain *text*.\n",
        "",
        "A {brace} and {another: one}, 100%, {% of it, {{ }} and {{.",
        "Set {1, 2}, f'{x:.2f}', {:.2f}, {:?}, {:>8} and {}.\n",
        "```liquid\n{% highlight ruby %}\n{{ page.title }}\n```\n",
        "> ```\n> {% x %}\n> ```\n",
        "- item\n  ~~~~\n  {{< figure >}}\n  ~~~\n  {{ x }}\n  ~~~~\n",
        "1. ````\n   ```\n   {{ x }}\n   ```\n   ````\n",
        "```\n{{ never closed }}\n",
        "Inline `{{ x }}`, ``{% y ` %}`` and `{{< z >}}`.\n",
        "Text:\n\n    {% indented %}\n\n    {{ code }}\n\ntext\n",
        "\t{% a %}\n",
        "<pre>\n{% x %}\n</pre> <code>{{ y }}</code>\n",
        "<!-- {% include x %} -->\n",
        "<script>var x = '{{ y }}';</script>\n<style>a{{ b }}</style>\n",
        "$x^{{2}}$, $a_{{i}}$, $\\frac{{a}}{b}$ and ${{ secrets.KEY }}.\n",
        "ada@/example and a|filename|b and {filename}x in prose.\n",
        "A `[TOC]` in a line, and text [TOC] here.\n",
        "Escaped \\` {and} `code {{ x }}` end.\n",
        "## Set {1, 2}\n",
        "{{ .Site.Title }}\n",
        "{{/* a comment of a Go template */}}\n",
        "# A {not an id}\n",
        "{{ two\n\nparagraphs }} and {% two\n\nparagraphs %}",
    ],
)
def test_what_is_no_tag_or_is_code_stays_as_it_is(body: str) -> None:
    assert quietly(body) == body


@pytest.mark.parametrize(
    ("body", "text"),
    [
        # code that is kept from its generator
        ("{% raw %}{{ x }} {% y %}{% endraw %}\n", "{{ x }} {% y %}\n"),
        ("{%- raw -%}\n```\n{{ x }}\n```\n{%- endraw -%}\n", "\n```\n{{ x }}\n```\n\n"),
        ("```yaml\n{% raw %}\na: {{ x }}\n{% endraw %}\n```\n", "```yaml\na: {{ x }}\n```\n"),
        ("`{% raw %}{{ x }}{% endraw %}`", "`{{ x }}`"),
        ("```\n{% raw %}\n```\n", "```\n{% raw %}\n```\n"),
        ("{{</* figure a */>}}", "{{&lt; figure a &gt;}}"),
        ('```\n{{</* figure src="a" */>}}\n{{%/* x */%}}\n```\n', '```\n{{< figure src="a" >}}\n{{% x %}}\n```\n'),
        ("{{/* youtube(id=1) */}} {%/* quote() */%}", "{{ youtube(id=1) }} {% quote() %}"),
        ("{{ '{{' }} {{ \"{% raw %}\" }}", "{{ {% raw %}"),
        # listings
        ("{% highlight ruby linenos %}\na\n{% endhighlight %}\nb", "```ruby\na\n```\n\nb"),
        ("{% highlight md %}\n```\na\n```\n{% endhighlight %}\n", "````md\n```\na\n```\n````\n\n"),
        ("{% highlight liquid %}{% raw %}{{ a }}{% endraw %}{% endhighlight %}", "```liquid\n{{ a }}\n```\n"),
        ("text {% highlight js %}a{% endhighlight %} text", "text \n\n```js\na\n```\n text"),
        ("- x\n  {% highlight js %}\n  a\n  {% endhighlight %}\n", "- x\n  ```js\n  a\n  ```\n\n"),
        (
            "{% codeblock A title lang:ruby http://x.example %}\na\n{% endcodeblock %}",
            "<p><em>A title</em></p>\n\n```ruby\na\n```\n",
        ),
        ('{{< highlight go "linenos=table" >}}\na := {{ b }}\n{{< /highlight >}}\n', "```go\na := {{ b }}\n```\n\n"),
        # comments
        ("a{% comment %} {{ b }} {% endcomment %}c", "ac"),
        ("{% comment %}\nb\n{% endcomment %}\nc", "c"),
        ("a{% # inline %}b{# nunjucks #}c", "abc"),
        ("{::comment}\na\n{:/comment}\nb", "b"),
        ("{{< comment >}}a{{< /comment >}}b", "b"),
        # references
        ("[a]({% post_url 2026-11-22-a-post %}#b)", "[a](/a-post/#b)"),
        ("[a]({{ site.baseurl }}{% post_url /2026-11-22-a-post %})", "[a](/a-post/)"),
        ("[a]({% link posts/b.md %})", "[a](/b/)"),
        ("{% post_link 2026-11-22-a-post A label %}", '<a href="/a-post/">A label</a>'),
        ("![a]({{ site.url }}{{ site.baseurl }}/b.png)", "![a](/root/b.png)"),
        ("<a href=\"{{ '/b/' | relative_url }}\">b</a>", '<a href="/root/b/">b</a>'),
        (
            "{{ \"b\" | absolute_url }} {{ '/c' | prepend: site.baseurl | prepend: site.url }} {{ '/d' | url }}",
            "/root/b /root/c /root/d",
        ),
        ("[a]({{ site.url }})", "[a](/root/)"),
        (
            '[a]({{< ref "posts/b.md#c" >}}) [d]({{% relref "/posts/b.md" %}}) [e]({{< relref path="posts/b.md" >}})',
            "[a](/b/#c) [d](/b/) [e](/b/)",
        ),
        ('[a]({{< ref "#b" >}})', "[a](#b)"),
        ("[a](@/posts/b.md#c)\n\n[d]: @/posts/b.md\n", "[a](/b/#c)\n\n[d]: /b/\n"),
        (
            "[a]({filename}/posts/b.md#c) ![]({static}/images/a.png) ![]({attach}images/a.png)",
            "[a](/b/#c) ![](/images/a.png) ![](/images/a.png)",
        ),
        ("[a](|filename|posts/b.md) [b](%7Bfilename%7D/posts/b.md)", "[a](/b/) [b](/b/)"),
        (
            "[a]({tag}Tea) [b]({category}C++) [c]({author}Ada) [d]({index})",
            "[a](/root/tags/tea/) [b](/root/tags/c-plus-plus/) [c](/root/authors/ada/) [d](/root/)",
        ),
        # pictures and films
        (
            '{{< figure src="a.png" alt="A \\"b\\"" >}}\ntext',
            '<figure><img src="a.png" alt="A &quot;b&quot;" /></figure>\n\ntext',
        ),
        (
            'a {{< figure src="a.png" caption="B <c>" link="/d" width="9px" >}}',
            'a <figure><a href="/d"><img src="a.png" alt="" width="9" /></a><figcaption>B &lt;c&gt;</figcaption></figure>',
        ),
        (
            '{% include figure image_path="/a.png" alt="A"\n  caption="B" %}\n',
            '<figure><img src="/a.png" alt="A" /><figcaption>B</figcaption></figure>\n\n',
        ),
        ("{% img left /a.png 20 30 'T' 'A' %}", '<img src="/a.png" alt="A" width="20" height="30" />'),
        ("{% img /a.png some words %}", '<img src="/a.png" alt="some words" />'),
        ("{{< youtube w7Ft2ymGmfc >}}", link(FILM)),
        ("{% youtube https://youtu.be/w7Ft2ymGmfc %}", link(FILM)),
        ('{{ youtube(id="w7Ft2ymGmfc", title="Rain") }}', link(FILM, "Rain")),
        ('{% include youtube.html id="w7Ft2ymGmfc" title="Rain" %}', link(FILM, "Rain")),
        ('{{< vimeo id="146022717" title="R" >}}', '<a href="https://vimeo.com/146022717">R</a>'),
        (
            '{{< tweet user="ada" id="12345" >}} {{< x 6789 >}}',
            link("https://x.com/ada/status/12345") + " " + link("https://x.com/i/status/6789"),
        ),
        (
            "{% gist ada/0123abcd file.rb %}",
            '<a href="https://gist.github.com/ada/0123abcd">gist.github.com/ada/0123abcd</a>',
        ),
        (
            "{{< gist ada 0123abcd >}}",
            '<a href="https://gist.github.com/ada/0123abcd">gist.github.com/ada/0123abcd</a>',
        ),
        (
            "{{< instagram BWNjjyYFxVx >}}",
            '<a href="https://www.instagram.com/p/BWNjjyYFxVx/">instagram.com/p/BWNjjyYFxVx/</a>',
        ),
        # blocks
        (
            '{% quote(author="Ada") %}\nA *b*\n{% end %}\nc',
            "<blockquote>\n\nA *b*\n\n\n<p>— Ada</p>\n</blockquote>\n\nc",
        ),
        (
            "{% blockquote Ada, Notes https://x.example A title %}\nb\n{% endblockquote %}\n",
            '<blockquote>\n\nb\n\n\n<p>— Ada, Notes, <a href="https://x.example">A title</a></p>\n</blockquote>\n\n\n',
        ),
        ("{% pullquote left %}a{% endpullquote %}", "<blockquote>\n\na\n\n</blockquote>\n\n"),
        (
            '{{< details summary="More" >}}\na\n{{< /details >}}\n',
            "<details>\n<summary>More</summary>\n\na\n\n\n</details>\n\n\n",
        ),
        ("{{< more >}}\nb", "<!--more-->\n\nb"),
        # what only says how a page looks
        ('Text\n{: .notice}\n\nmore {: target="_blank"} ![a](b){:.c width="5"}\n', "Text\n\nmore  ![a](b)\n"),
        ("* TOC\n{:toc}\n\ntext\n", "\ntext\n"),
        ("a\n\n1. TOC\n{:toc .x}\ntext\n", "a\n\ntext\n"),
        ("## A title {#an-id .x}\n", '## A title<span id="an-id"></span>\n'),
        ("## A title {: #an-id}\n", '## A title<span id="an-id"></span>\n'),
        ("## A title {#a-title}\n", "## A title \n"),
        ("## A title {.unnumbered}\n![a](b){.c #d width=50%}\n", "## A title \n![a](b)\n"),
        ("[TOC]\n\n[[toc]]\ntext\n", "\ntext\n"),
        ('{:note: .x}\n{:note}\n{::options toc="1" /}\na {::nomarkdown}<b>{:/} c', "a <b> c"),
        ("{{< toc >}}\n{% toc %}\ntext", "text"),
    ],
)
def test_what_can_be_told_is_rendered_without_a_word(body: str, text: str) -> None:
    assert quietly(body) == text


@pytest.mark.parametrize(
    ("body", "text", "lines"),
    [
        ("a\n[b]({% post_url 2019-01-01-gone %}) c", "a\nb c", [6]),
        ("![a]({% link gone.png %}) b", "a b", [5]),
        ('<a class="x" href="{% post_url gone %}">b *c*</a> d', "b *c* d", [5]),
        ('<img src="{% link gone.png %}" alt="a"> b', " b", [5]),
        ("[a]({{< ref \"gone.md#b\" >}} 'title') [c](@/gone.md) [d]({filename}gone.md)", "a c d", [5, 5, 5]),
        ('[a](b/{{< ref "gone" >}}) [[c]]({{< ref "other" >}})', "a [c]", [5, 5]),
        ("[a]({% post_url 2017-a.md}) b", "a b", [5]),
        ("{% include toc.html %}\n\ntext", "\ntext", [5]),
        ("a {% include figure image_path=page.image %} b", "a  b", [5]),
        ("{% if page.x %}\na {% if y %}b{% endif %}\n{% endif %}\nc", "c", [5]),
        ("a{% for x in y %}{{ x }}{% endfor %}b{% assign z = 1 %}c", "abc", [5, 5]),
        ("{% capture x %}a{% endcapture %}b", "b", [5]),
        ("{% if open %}a", "a", [5]),
        ("{{ page.title }} {{ content | strip }} {{ a[0].b }}", "  ", [5, 5, 5]),
        ("a\n  {{ b }}\nc", "a\nc", [6]),
        ('{% image "a.png", "A" %} {% callout %}b{% endcallout %}', " b", [5, 5]),
        ("{{% notice tip %}}\n*a*\n{{% /notice %}}\nb", "*a*\nb", [5]),
        ("{{< unknown/name a=1 />}}b", "b", [5]),
        ("{{< param x >}}{{< qr >}}a{{< /qr >}}", "a", [5, 5]),
        ("{{ shout(a=1) }}{% box() %}a{% end %}b", "ab", [5, 5]),
        ('{{< youtube "<script>" >}}{{< gist "a b" >}}{{< figure >}}{% img %}', "", [5, 5, 5, 5]),
        ("{% highlight js %}\na", "a", [5]),
        ("{% include_code a.rb %}", "", [5]),
        ("- a\n\n    {{ b }}\n", "- a\n\n", [7]),
    ],
)
def test_what_can_not_be_told_is_left_out_with_its_line(body: str, text: str, lines: list[int]) -> None:
    assert warned(body) == (text, lines)


def test_a_problem_names_the_tag_and_what_is_wanted() -> None:
    _, (first, second) = expanded('a\n\n{{< chart "x" >}}\n[b]({% post_url 2019-01-01-gone %})\n')
    assert str(first) == (
        'posts/x.md:7: {{< chart "x" >}} is not understood here, and was left out, wanted is Markdown or HTML in its place'
    )
    assert str(second) == (
        "posts/x.md:8: post_url leads nowhere: 2019-01-01-gone, wanted is the name of a post or file that is there"
    )


@pytest.mark.parametrize(
    ("body", "text", "lines"),
    [
        (
            "import A from './a.astro'\nimport {\n  B,\n} from \"b\";\nexport const c = [\n  1,\n]\n\n# Text\n",
            "\n# Text\n",
            [],
        ),
        ("import taxes are a bore\nexport it\n", "import taxes are a bore\nexport it\n", []),
        (
            "```js\nimport a from 'b'\n{c}\n```\n`{d}` \\{e\\} $\\frac{a}{b}$ $$\n{x}\n$$ <https://a.example> <a@b.example>\n",
            None,
            [],
        ),
        ("<Note kind=\"x\" on={() => { a('}') }}>\n\n*Text*\n\n</Note>\n", "\n*Text*\n\n", [5]),
        ("<><Fragment>a</Fragment></> <a.B/> {' '}{\"b\"}{`c`} {5}", "a   bc 5", [5]),
        ("a {/* a } comment */} b {x.y} {f(`}`)} c", "a  b   c", [5, 5]),
        ("{/* more */}\na", "<!--more-->\na", []),
        (
            "import p from './p.png'\n\n<Image src={p} alt=\"A\" width={30} />\n",
            '\n<img src="./p.png" alt="A" width="30" />\n\n',
            [],
        ),
        ("a <Image src=\"/p.png\" alt='A'/> <Image src={q} />", 'a <img src="/p.png" alt="A" /> ', [5]),
        ('<YouTube id="w7Ft2ymGmfc" title="Rain" />\n', link(FILM, "Rain") + "\n\n", []),
        (
            "<div className=\"x\" style={{a: 'b'}} data-n={5}>a</div> <br />",
            '<div class="x" data-n="5">a</div> <br />',
            [],
        ),
        ("<b>plain</b> 1 < 2 {never closed", "<b>plain</b> 1 < 2 {never closed", []),
    ],
)
def test_mdx_loses_its_modules_components_and_expressions(body: str, text: str | None, lines: list[int]) -> None:
    assert warned(body, ".mdx") == (body if text is None else text, lines)


@pytest.mark.parametrize(
    ("body", "suffix"), [("{{ page.title }}", ".md"), ("{{ title }}", ".html"), ("{frontmatter.title}", ".mdx")]
)
def test_a_post_may_ask_for_its_title(body: str, suffix: str) -> None:
    found = expand(body, suffix=suffix, file="posts/x.md", body_line=1, resolve=resolve, title="A < b")
    assert found == ("A &lt; b", ())


def test_html_has_no_markdown_code() -> None:
    body = "<p>{{ site.baseurl }}/a `{{ b }}`</p>{% highlight js %}\na < b\n{% endhighlight %}\n<code>{{ c }}</code>"
    text = '<p>/root/a ``</p><pre><code class="language-js">a &lt; b</code></pre>\n<code>{{ c }}</code>'
    assert warned(body, ".html") == (text, [5])


def test_restructuredtext_has_references_alone() -> None:
    body = (
        "`a <{filename}/posts/b.md>`_ `c <|filename|gone.rst>`__ {{ x }} {% y %}\n\n.. image:: {static}/images/a.png\n"
    )
    text = "`a </b/>`_ c {{ x }} {% y %}\n\n.. image:: /images/a.png\n"
    assert warned(body, ".rst") == (text, [5])


def test_a_caption_is_read_as_markdown_where_it_can_be() -> None:
    body = '{{< figure src="a.png" caption="Of [Ada](https://x.example)" >}}\nText *on*.\n'
    html = render_markdown(quietly(body))
    assert '<figcaption>\n<p>Of <a href="https://x.example">Ada</a></p>\n</figcaption>' in html
    assert "<p>Text <em>on</em>.</p>" in html


TAGS = [
    "{%",
    "%}",
    "{{",
    "}}",
    "{{<",
    ">}}",
    "{{%",
    "%}}",
    "{{ a }}",
    "{{< a >}}",
    "{% a %}",
    "{% if x %}",
    "{% endif %}",
    "{% highlight %}",
    "{% endhighlight %}",
    "{% raw %}",
    "{% endraw %}",
    "{% comment %}",
    "{% end %}",
    "{% q() %}",
    "{: .a}",
    "{:",
    "{::comment}",
    "{:/}",
    "{#",
    "{# ",
    "#}",
    "{.a}",
    "{a=",
    "{{'",
    '{{"',
    "`",
    "```\n",
    "~~~\n",
    "<!--",
    "-->",
    "<pre>",
    "</pre>",
    "<code>",
    "@/x",
    "(@/x)",
    "({filename}x)",
    "[TOC]\n",
    "[a](",
    "\\",
    "<A ",
    "<A {",
    '<A "',
    "<A/>",
    "</A>",
    "{",
    "}",
    "'",
    '"',
    "<a",
    ">",
    "$",
    "$$",
    "\nimport a from",
    "\nexport const x = {\n",
    '<a href="{% post_url x %}">',
    "</a>",
    "{% post_url x %}",
    "    {{ a }}\n",
    "\n\n",
    "- ",
    '{{< ref "x" >}}',
    "{% blockquote %}",
    "{{/* a",
    "{{</* ",
    "*/",
    "{/*",
    "\x00",
    "* TOC\n{:toc}\n",
    '{{< figure src="x" caption="*" >}}\n',
    "{{ a ",
    " b",
    'a="',
    "\ud800",
]


@settings(max_examples=400, deadline=None, derandomize=True, database=None)
@given(
    st.lists(st.sampled_from(TAGS) | st.text(max_size=4), max_size=25).map("".join),
    st.sampled_from([".md", ".mdx", ".html", ".rst"]),
)
def test_any_body_is_read_to_its_end(body: str, suffix: str) -> None:
    text, problems = expanded(body + "\n\nlast words", suffix)
    assert "\0" not in text
    assert all(each.line and 5 <= each.line <= 7 + body.count("\n") for each in problems)
    assert expanded(body + "\n\nlast words", suffix) == (text, problems)


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.text(st.characters(exclude_characters="{@[|%\0")), st.sampled_from([".md", ".html", ".rst"]))
def test_a_body_without_the_signs_of_a_tag_stays_as_it_is(body: str, suffix: str) -> None:
    assert expanded(body, suffix) == (body, ())


@pytest.mark.parametrize("suffix", [".md", ".mdx", ".html", ".rst"])
def test_no_body_is_looked_through_again_and_again(suffix: str) -> None:
    """Thirty thousand characters of anything take far less than what looking back each time would: seconds."""
    slow = {}
    for tag in TAGS:
        for tail in ("", " x", "\n"):
            body = (tag + tail) * (30_000 // len(tag + tail))
            start = process_time()
            expanded(body, suffix)
            if (spent := process_time() - start) > 1.5:
                slow[tag + tail] = spent
    assert slow == {}
