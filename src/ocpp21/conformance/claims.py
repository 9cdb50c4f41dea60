"""What a system under test claims, and which cases that makes apply.

::

    [claims]
    profiles = ["Core"]
    features = ["C-01", "C-30", "C-31"]
    answers = ["AQ-9"]
    evses = 2

A condition of the certification profiles joins such names by ``&``, ``|`` and ``!``, with brackets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from ocpp21.conformance.cases.case import Case, Listing
from ocpp21.spelling import found_name

__all__ = ["Claims", "ClaimsError", "applies", "holds", "read_claims"]

_KEYS: Final = ("profiles", "features", "answers", "evses", "everything")
_TOKEN: Final = re.compile(r"\s*([&|!()]|[A-Z][\w.-]*(?:>\d+)?)")
#: Can be declared (Part 5), though no condition asks for them.
_UNUSED: Final = frozenset(
    [
        *(
            f"C-{number}"
            for number in ("02", "04", "21", "23", "25", "26", "41", "45", "50", "50.1", "50.2", "53", "54", "58")
        ),
        *(f"C-40.{number}" for number in range(1, 6)),
        *(f"HFS-{number}" for number in (3, 5, 6, 7, 9, 10, 11, 12)),
        *(f"AQ-{number}" for number in ("4", "6", "12", "13.1", "13.2", "14.1", "14.2", "17", "20")),
        *("LA-1", "R-0", "AS-4.2", "SC-5.2"),
    ]
)
_ABBREVIATIONS: Final = {
    "ADVSEC": "Advanced Security",
    "SMART": "Smart Charging",
    "ISO15118": "ISO 15118 Support",
    "BPT": "Bidirectional Power Transfer",
    "DER": "DER Control",
}


class ClaimsError(ValueError):
    """Claims or a condition that cannot be read."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What is claimed.

    Attributes:
        profiles: certification profiles.
        features: ids of features, hardware and answers to the questions of the laboratory.
        evses: number of EVSEs.
        everything: claim all, so that every case applies.
    """

    profiles: frozenset[str] = frozenset({"Core"})
    features: frozenset[str] = frozenset()
    evses: int = 1
    everything: bool = False


def read_claims(table: Mapping[str, Any], /) -> Claims:
    """Read the table ``[claims]``.

    Raises:
        ClaimsError: a key, profile or feature is unknown.
    """
    for key in table.keys() - set(_KEYS):
        raise ClaimsError(
            f"expected profiles, features, answers, evses or everything in [claims], found {found_name(key, _KEYS)}"
        )
    profiles = _names(table, "profiles", ["Core"])
    known = {name.partition(":")[0] for name in known_profiles()}
    for profile in sorted(profiles - known):
        raise ClaimsError(f"expected a profile ({', '.join(sorted(known))}), found {found_name(profile, known)}")
    features = _names(table, "features") | _names(table, "answers")
    for feature in sorted(features - known_features()):
        near = found_name(feature, sorted(known_features()))
        raise ClaimsError(f"expected a feature that conditions name, found {near}")
    evses, everything = table.get("evses", 1), table.get("everything", False)
    if type(evses) is not int or evses < 1:
        raise ClaimsError(f"expected evses in [claims] to be a number of EVSEs, found {evses!r}")
    if not isinstance(everything, bool):
        raise ClaimsError(f"expected everything in [claims] to be true or false, found {everything!r}")
    return Claims(profiles, features, evses, everything)


def _names(table: Mapping[str, Any], key: str, default: Sequence[str] = ()) -> frozenset[str]:
    names = table.get(key, default)
    if isinstance(names, str) or not isinstance(names, Sequence) or not all(isinstance(name, str) for name in names):
        raise ClaimsError(f"expected {key} in [claims] to be a list of names, found {names!r}")
    return frozenset(names)


@cache
def _listed() -> tuple[Listing, ...]:
    from ocpp21.conformance.cases.load import library

    return tuple(listing for case in library().cases.values() for listing in case.listings)


@cache
def known_profiles() -> frozenset[str]:
    """Names of the certification profiles."""
    return frozenset(listing.profile for listing in _listed())


@cache
def known_features() -> frozenset[str]:
    """All features, answers and hardware that can be claimed."""
    names = {token for listing in _listed() for token in _tokens(listing.condition) if token[0].isalpha()}
    return (frozenset(name.partition(">")[0] for name in names) - _ABBREVIATIONS.keys()) | _UNUSED


def applies(case: Case, claims: Claims, /) -> str:
    """Say why a case does not apply; nothing when it does.

    Raises:
        ClaimsError: its condition cannot be read.
    """
    if claims.everything:
        return ""
    reasons = []
    for listing in case.listings:
        if listing.profile.partition(":")[0] not in claims.profiles:
            reasons.append(f"profile {listing.profile} is not claimed")
        elif not holds(listing.condition, claims):
            reasons.append(f"{listing.condition} is not claimed")
        else:
            return ""
    return reasons[0] if reasons else "stands in no certification profile"


def holds(condition: str, claims: Claims, /) -> bool:
    """Whether a condition is met; an empty one always is.

    Raises:
        ClaimsError: it cannot be read.
    """
    if not condition:
        return True
    tokens = [*_tokens(condition), ""]
    value, rest = _either(tokens, claims)
    if rest != [""]:
        raise ClaimsError(f"expected the end of a condition, found {rest[0]!r} in {condition!r}")
    return value


def _tokens(condition: str) -> Iterator[str]:
    position = 0
    while position < len(condition.rstrip()):
        match = _TOKEN.match(condition, position)
        if match is None:
            raise ClaimsError(f"expected a feature, &, | or !, found {condition[position:]!r} in {condition!r}")
        yield match[1]
        position = match.end()


def _either(tokens: list[str], claims: Claims) -> tuple[bool, list[str]]:
    value, tokens = _both(tokens, claims)
    while tokens[0] == "|":
        other, tokens = _both(tokens[1:], claims)
        value = value or other
    return value, tokens


def _both(tokens: list[str], claims: Claims) -> tuple[bool, list[str]]:
    value, tokens = _one(tokens, claims)
    while tokens[0] == "&":
        other, tokens = _one(tokens[1:], claims)
        value = value and other
    return value, tokens


def _one(tokens: list[str], claims: Claims) -> tuple[bool, list[str]]:
    first, *rest = tokens
    if first == "!":
        value, rest = _one(rest, claims)
        return not value, rest
    if first == "(":
        value, rest = _either(rest, claims)
        if rest[0] != ")":
            raise ClaimsError(f"expected ), found {rest[0]!r}")
        return value, rest[1:]
    if not first or not first[0].isalpha():
        raise ClaimsError(f"expected a feature, found {first!r}")
    name, _, least = first.partition(">")
    if least:
        return claims.evses > int(least), rest
    return name in claims.features or _ABBREVIATIONS.get(name) in claims.profiles, rest
