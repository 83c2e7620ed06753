"""DMARC records (RFC 9989, which follows RFC 7489): which one counts for a domain, and which domains belong together.

The records of a domain and of those above it are looked at together (the tree walk, RFC 9989, 4.10); `dmarc_questions` tells
which those are.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from publisher.core.records import Answers, Question, records

POLICIES = ("none", "quarantine", "reject")
_LONGEST_WALK = 8
Tags = Mapping[str, str]


class Policy(NamedTuple):
    """The record that counts, and the domain where it stands."""

    domain: str
    tags: Tags


def parse_tags(text: str) -> dict[str, str]:
    """A list of `tag=value;` (RFC 6376, 3.2). What is none is left out."""
    pairs = (part.partition("=") for part in text.split(";"))
    return {name.strip(): value.strip() for name, sign, value in pairs if sign}


def is_dmarc(text: str) -> bool:
    return re.match(r"v[ \t]*=[ \t]*DMARC1[ \t]*(?:;|$)", text) is not None


def dmarc_records(answers: Answers, domain: str) -> list[str]:
    return [text for text in records(answers, f"_dmarc.{domain}", "TXT") if is_dmarc(text)]


def dmarc_questions(domain: str) -> list[Question]:
    return [Question(f"_dmarc.{name}", "TXT") for name in _walk(domain)]


def _walk(domain: str) -> list[str]:
    """The domain and those above it, of long ones only the last."""
    above = domain.split(".")[1:][-(_LONGEST_WALK - 1) :]
    return [domain, *(".".join(above[start:]) for start in range(len(above)))]


def _met(domain: str, answers: Answers) -> list[Policy]:
    """The valid records on the walk, up to where it ends. Several at one place count as none."""
    met: list[Policy] = []
    for name in _walk(domain):
        texts = dmarc_records(answers, name)
        if len(texts) != 1:
            continue
        policy = Policy(name, parse_tags(texts[0]))
        met.append(policy)
        if policy.tags.get("psd") == "n" or (policy.tags.get("psd") == "y" and name != domain):
            break
    return met


def organisation(domain: str, answers: Answers) -> str:
    """The domain that stands for all that belongs to its owner."""
    met = _met(domain, answers)
    if not met:
        return domain
    last = met[-1]
    if last.tags.get("psd") == "y" and last.domain != domain:
        labels = domain.split(".")
        return ".".join(labels[-(last.domain.count(".") + 2) :])
    return last.domain


def policy_of(domain: str, answers: Answers) -> Policy | None:
    """Of the domain itself, else of its organisation, else of the registry's suffix above that."""
    places = (domain, organisation(domain, answers))
    met = _met(domain, answers)
    own = (policy for place in places for policy in met if policy.domain == place)
    return next(own, None) or next((policy for policy in met if policy.tags.get("psd") == "y"), None)


def request_of(policy: Policy, domain: str) -> str:
    """What the owner asks to be done with letters that fail: one of POLICIES, else what can't be understood."""
    tags = policy.tags
    return (tags.get("sp") or tags.get("p", "") if policy.domain != domain else tags.get("p", "")).lower()


def is_aligned(return_domain: str, domain: str, policy: Policy, answers: Answers) -> bool:
    """Whether SPF of the return path counts for the sender's domain (RFC 9989, 4.4.2)."""
    if policy.tags.get("aspf") == "s" or return_domain == domain:
        return return_domain == domain
    return organisation(return_domain, answers) == organisation(domain, answers)
