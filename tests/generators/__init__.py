"""Folders of blogs as generators lay them out, and posts whose addresses are awkward."""
