"""Folders of posts as the site generators have them, and what becomes of each."""
