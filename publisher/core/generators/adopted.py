"""What of a generator's settings is in force, where the owner's own win."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from publisher.core.generators.findings import Found, Recognised, in_env, sentence
from publisher.core.model import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopted:
    """What is taken over from a site generator in whose folder we are."""

    generator: str
    """Empty where only the folder of posts is known."""
    file: str
    settings: Mapping[str, Found]
    """By field name: those that the owner sets nowhere else."""
    notes: tuple[Problem, ...]
    """What can't be taken over, and the owner says nothing of."""

    def __str__(self) -> str:
        """One line, or nothing."""
        return sentence(self.generator, self.settings)


def adopt(
    found: Recognised, given: Collection[str], defaults: Mapping[str, str], *, has_default_folder: bool
) -> Adopted | None:
    """None where nothing comes of it. `given` and `defaults` are the owner's settings and ours, by field name.

    `has_default_folder`: there are posts where we expect them, which then count, whatever the generator is known for.
    """
    settings = {name: each for name, each in found.settings.items() if name not in given}
    notes = [note.problem for note in found.notes if note.about not in given]
    posts = settings.get("posts_dir")
    if posts and has_default_folder and posts.value != defaults["posts_dir"]:
        del settings["posts_dir"]
        notes.append(_two_folders(posts, defaults["posts_dir"]))
    if aliases := settings.get("feed_aliases"):
        settings["feed_aliases"] = replace(aliases, value=f"{defaults['feed_aliases']} {aliases.value}")
    if not found.generator and not settings:
        return None
    return Adopted(generator=found.generator, file=found.file, settings=settings, notes=tuple(notes))


def _two_folders(posts: Found, default: str) -> Problem:
    what = f"posts are taken from {default}, not from {posts.value}"
    wanted = f"wanted is the folder that you mean ({in_env('posts_dir')})"
    return Problem(file=posts.file, line=posts.line, what=what, wanted=wanted, severity="warning")
