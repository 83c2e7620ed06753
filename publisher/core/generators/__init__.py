"""What the settings files of Jekyll, Hugo, Zola, Pelican, Astro and Eleventy say that is of use here.

    files                                    the names of those files, and the folders where posts may lie
    reading                                  YAML, TOML, JSON or Python to plain values, each with its line; nothing is run
    permalinks                               a generator's pattern of addresses in our words
    findings                                 settings with the place that they came from, and notes of what is not to be had
    jekyll hugo zola pelican scripted        one generator each; `scripted` are the two that are set up by JavaScript
    recognise                                which generator it is, and all of the above
    adopted                                  what of it is in force, where the owner's own settings win

Nothing here stops a build. What can't be read or said in our words is a note, with file and line.
"""
