"""From what the validator saw to an error that explains it: what was expected, what came, where."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from ocpp21.errors import ErrorCode, PayloadError, shorten

__all__ = ["PayloadError", "payload_error", "pointer", "quote", "text_of"]

_JSON = ErrorCode.RPC_FRAMEWORK_ERROR
_FORMAT = ErrorCode.FORMAT_VIOLATION
_OCCURRENCE = ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION
_PROPERTY = ErrorCode.PROPERTY_CONSTRAINT_VIOLATION
_TYPE = ErrorCode.TYPE_CONSTRAINT_VIOLATION

#: What to answer for which violation. Neither edition gives a mapping for schema keywords; see docs/decisions.md.
CODES: Final[Mapping[str, ErrorCode]] = {
    "json": _JSON,
    "utf-8": _JSON,
    "surrogate": _FORMAT,
    "uniqueMembers": _FORMAT,
    "depth": _FORMAT,
    "range": _PROPERTY,
    "type": _TYPE,
    "required": _OCCURRENCE,
    "additionalProperties": _FORMAT,
    "enum": _PROPERTY,
    "minimum": _PROPERTY,
    "maximum": _PROPERTY,
    "maxLength": _PROPERTY,
    "minItems": _OCCURRENCE,
    "maxItems": _OCCURRENCE,
    "format": _FORMAT,
    "identifierString": _PROPERTY,
    "integer32": _PROPERTY,
    "fractionDigits": _FORMAT,
    "decimals": _PROPERTY,
}

#: Longest text of the peer that an error repeats, in characters.
_FOUND = 40

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"')

#: Longest text that is compared with names of the standard to guess what was meant.
_COMPARABLE = 64

#: Share of a name that must be right for it to be suggested.
_ALIKE = 0.6


def payload_error(
    keyword: str, path: Sequence[str | int], offset: int, found: bytes, facts: Mapping[str, Any]
) -> PayloadError:
    """Build the error for a refusal.

    Args:
        keyword: what was violated; a key of ``CODES``.
        path: member names and indices from the payload to the place.
        offset: place in bytes from the start of the payload.
        found: the payload from there on, or its beginning.
        facts: what the tables know of the place, as it applies: ``kind``, ``minimum``, ``maximum``, ``max_length``,
            ``min_items``, ``max_items``, ``values``, ``usual``, ``members``, ``missing``; ``is_secret`` hides values.
    """
    place = pointer(path)
    where = quote(place, 120) if place else "payload"
    description = f"{where}: expected {_expected(keyword, found, facts)}, found {_found(keyword, found, offset, facts)}"
    return PayloadError(description, code=CODES[keyword], keyword=keyword, pointer=place, offset=offset)


def pointer(path: Iterable[str | int]) -> str:
    """Write a path as a JSON pointer (RFC 6901)."""
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in path)


def quote(text: str, limit: int = _FOUND) -> str:
    """Put text of the peer in backquotes: printable, on one line, shortened."""
    plain = shorten(text, limit).encode("unicode_escape", "backslashreplace").decode("ascii")
    return f"`{shorten(plain, limit)}`"


def text_of(literal: bytes) -> str:
    """Read a JSON string, quotes included, that is known to be one."""
    return msgspec.json.decode(literal, type=str)


def _expected(keyword: str, found: bytes, facts: Mapping[str, Any]) -> str:
    match keyword:
        case "json":
            return "JSON"
        case "utf-8":
            return "UTF-8"
        case "surrogate":
            return "both halves of a surrogate pair"
        case "uniqueMembers":
            return "each member once"
        case "depth":
            return "at most 64 levels of objects and arrays"
        case "range":
            return "a number that a double can hold"
        case "type":
            return _KINDS[facts["kind"]]
        case "required":
            return f"the member {quote(facts['missing'])}"
        case "additionalProperties":
            return f"a member of this object{_guess(found, facts['members'])}"
        case "enum":
            values = facts["values"]
            listed = f"one of {len(values)} values" if len(values) > 4 else " or ".join(map(quote, values))
            return f"{listed}{_guess(found, values, facts['usual'])}"
        case "minimum" | "maximum":
            return f"a number {_range(facts['minimum'], facts['maximum'])}"
        case "maxLength":
            return f"at most {facts['max_length']} characters"
        case "minItems":
            return f"{facts['min_items']} or more items"
        case "maxItems":
            return f"at most {facts['max_items']} items"
        case "format":
            return "an RFC 3339 date-time with offset"
        case "identifierString":
            return "an identifier of letters, digits and *-_=:+|@."
        case "integer32":
            return "an integer of 32 bits"
        case "fractionDigits":
            return "at most 3 digits of a second"
        case _:
            return "at most 6 decimals"


_KINDS: Final[Mapping[str, str]] = {
    "boolean": "true or false",
    "date-time": "a date-time string",
    "enum": "a string",
    "integer": "an integer",
    "number": "a number",
    "object": "an object",
    "string": "a string",
    "array": "an array",
}


def _range(minimum: int | None, maximum: int | None) -> str:
    if maximum is None:
        return f"of {minimum} or more"
    return f"of {maximum} or less" if minimum is None else f"from {minimum} to {maximum}"


def _guess(found: bytes, names: Sequence[str], usual: str | None = None) -> str:
    """Suggest the name that was probably meant: one that says all that was found and more, else one spelt alike.

    ``usual`` is preferred among the former; it is what the standard takes an absent value for.
    """
    text = _string(found)
    if text is None or len(text) > _COMPARABLE:
        return ""
    fuller = [name for name in names if text.partition(".")[0] in name and _says(name, text)]
    if usual in fuller:
        close = [usual]
    else:
        close = sorted(fuller, key=len)[:1] or _spelt_alike(text, names)
    return f" (did you mean {quote(close[0])}?)" if close else ""


def _says(name: str, text: str) -> bool:
    """Say whether all words of a text stand in a name, in their order, ``.`` between them."""
    words = iter(name.split("."))
    return all(word in words for word in text.split("."))


def _spelt_alike(text: str, names: Sequence[str]) -> list[str]:
    """The name that begins and ends most like a text, if they share enough; cheap, since anybody can make us do it."""
    folded = text.casefold()
    likeness, name = max((_likeness(folded, name.casefold()), name) for name in names)
    return [name] if likeness >= _ALIKE else []


def _likeness(one: str, other: str) -> float:
    """How much of the longer text is the beginning and the end that both share."""
    most = min(len(one), len(other))
    same = 0
    while same < most and one[same] == other[same]:
        same += 1
    end = 0
    while end < most - same and one[-1 - end] == other[-1 - end]:
        end += 1
    return (same + end) / max(len(one), len(other), 1)


def _found(keyword: str, found: bytes, offset: int, facts: Mapping[str, Any]) -> str:
    if not found:
        return "the end of the payload"
    if keyword in ("required", "minItems"):
        return "none"
    # The name of a member is no secret; what stands there otherwise may be, or a part of it.
    if facts.get("is_secret") and keyword not in ("additionalProperties", "uniqueMembers"):
        return _hidden(found, offset, keyword in ("json", "utf-8", "surrogate"))
    text = _string(found)
    if keyword == "maxLength":
        return f"{len(text)} characters" if text is not None else "more characters"
    if keyword == "utf-8":
        return f"byte {found[0]:#04x} at byte {offset}"
    if keyword in ("json", "surrogate"):
        # Up to the first colon: behind it stands the value of a member that was not looked at, and may be a secret.
        shown = found[:1] + found[1:12].partition(b":")[0]
        return f"{quote(shown.decode('utf-8', 'backslashreplace'), 24)} at byte {offset}"
    if keyword == "type" and found[:1] in b"{[":
        return "an object" if found[:1] == b"{" else "an array"
    return quote(text if text is not None else _token(found))


def _hidden(found: bytes, offset: int, is_malformed: bool) -> str:
    """Tell the kind of a value that may be a secret, and nothing else of it."""
    if is_malformed:
        return f"something not shown here at byte {offset}"
    text = _string(found)
    if text is not None:
        return f"a string of {len(text)} characters"
    if found[:1] in b"ntf":
        return quote(_token(found))  # a word: it is null or a boolean
    return {b"{": "an object", b"[": "an array", b'"': "a string"}.get(found[:1], "a number")


def _string(found: bytes) -> str | None:
    """The JSON string that ``found`` starts with, if it is whole and well-formed."""
    literal = _STRING.match(found)
    if literal is None:
        return None
    try:
        return text_of(literal[0])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _token(found: bytes) -> str:
    """The number or word that ``found`` starts with, or the beginning of a string."""
    if found.startswith(b'"'):  # longer than what was given to look at
        return found[1:].decode("utf-8", "replace")
    stop = next((index for index, byte in enumerate(found) if byte in b",]} \t\r\n"), len(found))
    return found[:stop].decode("utf-8", "replace")
