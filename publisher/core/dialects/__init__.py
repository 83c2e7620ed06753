"""How Jekyll, Hugo, Zola, Eleventy, Astro and Pelican write a post: its head, and their own tags in its body.

    plainyaml yamlhead datahead colonhead rsthead htmlhead    a head to plain values, each with its line
    pictures                                                  a post's picture or recording, in any of its shapes
    scan code                                                 a body from left to right; what is code in it is let be
    liquid shortcodes kramdown mdx pelican                    a generator's tags to HTML, or to nothing and a problem
    codemarks blocks                                          listings that name their language, blocks like `> [!NOTE]`
    embeds                                                    pictures, films and quotes as HTML

`publisher.core.frontmatter` and `publisher.core.generated` are the doors.
"""
