"""Frames without their secrets, for logs and recordings (A01.FR.09, A01.FR.12, C04.FR.04).

What is secret is known by its place in the schemas: passwords, keys and PINs always; the code of an idToken of type
``KeyCode``; the value of a variable that is write-only; user, password and query of a URL. Where no schema tells, in
customData, DataTransfer, unknown actions and the like, the names of those fields count, wherever they stand, and names
that speak for themselves. In doubt a value is masked: an idToken without type, a value whose variable has no name.

All else is kept: numbers to the digit, members that stand twice, what is valid and what is not. Only white space and
the escapes in strings change: all is ASCII on one line, so that nothing a peer sends can forge or garble a log.

What it cannot see: a secret in free text, such as the description of an error.
"""

from __future__ import annotations

import base64
import json
import logging
import re
from collections.abc import Mapping
from functools import cache
from typing import Any, Final, Literal, NamedTuple

import msgspec

from ocpp21._speedups import validators
from ocpp21.messages.registry import ACTIONS
from ocpp21.signing import SUFFIX

__all__ = ["MASK", "Frame", "Redactor", "redact"]

#: What stands in the place of a secret.
MASK: Final = "***"

#: A frame as it comes from a connection or a session.
Frame = bytes | bytearray | memoryview | str

#: Write-only variables of the standard in lower case (Part 2, chapter on controllers); names are compared without case.
_VARIABLES: Final = frozenset({"apnpassword", "basicauthpassword", "sharedsecret", "simpin", "vpnkey", "vpnpassword"})

#: Names that speak for themselves: of members where no schema tells, and of variables of a vendor.
_TELLING: Final = re.compile("password|passphrase|secret", re.IGNORECASE)
_TELLING_MEMBERS: Final = frozenset({"authorization", "pin"})

#: Members that are secret by what stands beside them, and members that are URLs, in lower case.
_TOKENS: Final = frozenset({"idtoken"})
_VALUES: Final = frozenset({"actualvalue", "attributevalue", "value"})
_URLS: Final = frozenset({"location", "ocppcsmsurl", "remotelocation"})

#: Names that mean too many things to count without a schema.
_COMMON: Final = frozenset({"data", "value"})

_KEY_CODE: Final = "keycode"

#: Members of a signed payload.
_SIGNED: Final = frozenset({"payload", "protected", "signature"})

#: How a frame starts, also one that was escaped once more.
_FRAME_START: Final = re.compile(r'\[[ \t\r\n]*[2-6][ \t\r\n]*,[ \t\r\n]*\\*"')

_BYTES: Final = (bytes, bytearray, memoryview)

_NO_JSON: Final = (ValueError, TypeError, RecursionError)


class _Number(str):
    """A number as it was written."""


class _Members(list[tuple[str, Any]]):
    """A JSON object as it was written: members that stand twice do so here."""


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


_decoder: Final = json.JSONDecoder(
    object_pairs_hook=_Members, parse_float=_Number, parse_int=_Number, parse_constant=_refuse_constant
)


def redact(data: Frame, action: str | None = None, /, *, keep_types: bool = False) -> bytes:
    """Mask the secrets of a frame. It raises nothing, whatever it is given, and takes linear time.

    Args:
        data: the frame.
        action: of a CALLRESULT, which does not name one: that of its CALL. Without it the names of its members decide.
        keep_types: mask a number by 0, so that a valid message stays valid; such a 0 looks like a real value.

    Returns:
        JSON text in ASCII without white space: the frame with ``***`` for each secret; or a string that tells the size
        of what was no frame of OCPP-J, and nothing of what it holds.
    """
    try:
        # Anything but bytes is refused here: bytes(10**12) would make as many.
        text = data if isinstance(data, str) else memoryview(data).tobytes().decode()
        return _Masker(keep_types).frame(_decoder.decode(text), action).encode("ascii")
    except _NO_JSON:
        return _write(_describe(data)).encode("ascii")


def _describe(data: Any) -> str:
    if isinstance(data, str):
        return f"no frame of OCPP-J: {len(data)} characters"
    if isinstance(data, bytes | bytearray):
        return f"no frame of OCPP-J: {len(data)} bytes"
    return f"no frame of OCPP-J: a {type(data).__name__}"


class Redactor(logging.Filter):
    """A filter for a logger or handler that masks the secrets in what is logged.

    It looks at frames and at messages and events of this library where they are arguments of a record, and for frames
    in the text of the message and in arguments that are text. It lets every record pass.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Mask what the record holds."""
        record.msg = _clean(record.msg)
        if isinstance(record.args, Mapping):
            record.args = {name: _clean(value) for name, value in record.args.items()}
        elif record.args:
            record.args = tuple(_clean(value) for value in record.args)
        return True


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return _clean_text(value)
    if isinstance(value, _BYTES):
        return redact(value).decode("ascii")
    if isinstance(value, msgspec.Struct):
        return _clean_struct(value)
    return value


def _clean_text(text: str) -> str:
    """Mask all frames in a text; what follows a frame that does not end goes with it."""
    parts = []
    done = 0
    while start := _FRAME_START.search(text, done):
        parts.append(text[done : start.start()])
        try:
            tree, done = _decoder.raw_decode(text, start.start())
            parts.append(_Masker().frame(tree, None))
        except _NO_JSON:
            parts.append(_describe(text[start.start() :]))
            done = len(text)
    return "".join([*parts, text[done:]]) if parts else text


def _clean_struct(value: msgspec.Struct) -> str:
    """Write a message or event of ours as its name and its members in JSON."""
    name = type(value).__name__
    try:
        plain = msgspec.to_builtins(value, builtin_types=_BYTES, str_keys=True, enc_hook=_name_of)
        tree = _decoder.decode(json.dumps(plain, default=_clean))
        return f"{name} {_Masker().payload(tree, name if name in validators.SCHEMAS else None)}"
    except _NO_JSON:
        return name


def _name_of(value: Any) -> str:
    """What is written of something that is no data: of an error what it says, else only what it is."""
    return _clean_text(str(value)) if isinstance(value, Exception) else type(value).__name__


# What is secret


class _Place(NamedTuple):
    """What the schemas say of a member.

    Attributes:
        kind: it may be secret, is an object, is no secret, or may be anything.
        type: name of the type of an object.
    """

    kind: Literal["secret", "object", "public", "open"]
    type: str | None = None


#: The place of a member that no schema knows.
_OPEN: Final = _Place("open")


class _Siblings(NamedTuple):
    """What the members of an object say of one another; None where they say nothing.

    Attributes:
        is_token_secret: an idToken among them is secret.
        is_value_secret: the value of a variable among them, or further inside, is secret.
    """

    is_token_secret: bool | None = None
    is_value_secret: bool | None = None


@cache
def _places(kind: str) -> dict[str, _Place]:
    """The members of a message or datatype."""
    return {facts["name"]: _place(facts) for facts in validators.describe(validators.SCHEMAS[kind])}


def _place(facts: Mapping[str, Any]) -> _Place:
    if facts["is_secret"]:
        return _Place("secret")
    if facts["kind"] == "object":
        return _Place("object", facts["type"])
    return _OPEN if facts["kind"] == "any" else _Place("public")


@cache
def _names() -> frozenset[str]:
    """Names that count without a schema, in lower case."""
    places = (item for kind in validators.SCHEMAS for item in _places(kind).items())
    return frozenset(name.lower() for name, place in places if place.kind == "secret") - _COMMON | _TELLING_MEMBERS


def _is_telling(name: str) -> bool:
    return name.lower() in _names() or _TELLING.search(name) is not None


def _look(members: _Members, outer: _Siblings) -> _Siblings:
    """Read off an object what is secret in it; of members that stand more than once each is believed."""
    tokens: list[bool] = []
    values: list[bool] = []
    for name, value in members:
        if name == "type":
            tokens.append(type(value) is not str or value.lower() == _KEY_CODE)
        elif name == "variable":
            values.append(_is_secret_variable(value))
        elif name == "mutability" and value == "WriteOnly":
            values.append(True)
    return _Siblings(any(tokens) if tokens else None, any(values) if values else outer.is_value_secret)


def _is_secret_variable(variable: Any) -> bool:
    names = [value for name, value in variable if name == "name"] if isinstance(variable, _Members) else []
    return not names or not all(map(_is_public_variable, names))


def _is_public_variable(name: Any) -> bool:
    return type(name) is str and name.lower() not in _VARIABLES and _TELLING.search(name) is None


class _Masker:
    """Masks the secrets of one text, and counts them.

    Args:
        keep_types: mask a number by 0.
    """

    def __init__(self, keep_types: bool = False) -> None:
        self.count = 0
        self._keep_types = keep_types

    def frame(self, tree: Any, action: str | None) -> str:
        """Write a frame without its secrets.

        Raises:
            ValueError: it is no frame.
        """
        if type(tree) is not list or len(tree) < 3 or type(tree[0]) is not _Number or type(tree[1]) is not str:
            raise ValueError("no frame")
        kind, size = str(tree[0]), len(tree)
        if kind in ("2", "6") and size == 4 and type(tree[2]) is str:
            tree[3] = self._message(tree[3], tree[2], "request")
        elif kind == "3" and size == 3:
            tree[2] = self._message(tree[2], action, "response")
        elif kind in ("4", "5") and size <= 5:
            tree[2:] = [self._member("", each, _OPEN, _Siblings()) for each in tree[2:]]
        else:
            raise ValueError("no frame")
        return _write(tree)

    def payload(self, tree: Any, kind: str | None) -> str:
        """Write a payload, of a message or datatype or of an unknown kind, without its secrets."""
        return _write(self._walk(tree, kind, _Siblings()))

    def _message(self, payload: Any, action: str | None, part: Literal["request", "response"]) -> Any:
        found = ACTIONS.get((action or "").removesuffix(SUFFIX))
        message = getattr(found, part, None)
        kind = message.__name__ if message is not None else None
        if isinstance(payload, _Members) and {name for name, _ in payload} == _SIGNED:
            payload[:] = [(name, self._signed(value, kind) if name == "payload" else value) for name, value in payload]
            return payload
        return self._walk(payload, kind, _Siblings())

    def _signed(self, text: Any, kind: str | None) -> Any:
        """Mask the secrets of a signed payload; one that has none is left as it is, and its signature stays good."""
        inner = _Masker(self._keep_types)
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
            content = inner.payload(_decoder.decode(raw.decode()), kind)
        except _NO_JSON:
            return self._mask(text)
        if inner.count == 0:
            return text
        self.count += inner.count
        return base64.urlsafe_b64encode(content.encode("ascii")).rstrip(b"=").decode("ascii")

    def _walk(self, value: Any, kind: str | None, outer: _Siblings) -> Any:
        """Mask all secrets in a value, and return it.

        Args:
            value: as it was read; what is in it may be replaced.
            kind: name of the message or datatype that it should be.
            outer: what the enclosing object says.
        """
        if isinstance(value, _Members):
            siblings = _look(value, outer)
            places = {} if kind is None else _places(kind)
            value[:] = [(name, self._member(name, each, places.get(name, _OPEN), siblings)) for name, each in value]
            return value
        return self._member("", value, _OPEN, outer)

    def _member(self, name: str, value: Any, place: _Place, siblings: _Siblings) -> Any:
        if type(value) is list:
            value[:] = [self._member(name, each, place, siblings) for each in value]
            return value
        is_object = isinstance(value, _Members)
        if place.kind == "secret":
            return self._secret(name, value, siblings)
        if place.kind == "object" and is_object:
            return self._walk(value, place.type, siblings)
        if place.kind == "public" and not is_object:
            return value
        # From here on nothing is known, or the peer has put something else in the place of what is.
        if is_object and (name.lower() in _TOKENS or not _is_telling(name)):  # the name of an object, too
            return self._walk(value, None, siblings)
        if _is_telling(name) or (name.lower() in _VALUES and siblings.is_value_secret):
            return self._secret(name, value, siblings)
        return self._text(value) if type(value) is str and value[:1] in ("{", "[") else value

    def _secret(self, name: str, value: Any, siblings: _Siblings) -> Any:
        """Mask what may be a secret, unless what stands beside it says that it is none."""
        name = name.lower()
        if name in _URLS and type(value) is str:
            return self._url(value)
        is_public = (name in _TOKENS and siblings.is_token_secret is False) or (
            name in _VALUES and siblings.is_value_secret is False
        )
        return value if is_public and not isinstance(value, _Members) else self._mask(value)

    def _mask(self, value: Any) -> Any:
        if value is None or isinstance(value, bool):
            return value
        self.count += 1
        return _Number("0") if self._keep_types and type(value) is _Number else MASK

    def _url(self, text: str) -> str:
        """Mask user and password, which may hold any characters, and the query, which may hold a signature."""
        scheme, slashes, rest = text.partition("//") if "//" in text else ("", "", text)
        _, at, place = rest.rpartition("@")
        place, mark, query = place.partition("?")
        if not at and not query:
            return text
        self.count += 1
        return f"{scheme}{slashes}{MASK + at if at else ''}{place}{mark}{MASK if query else ''}"

    def _text(self, text: str) -> str:
        """Mask the secrets of JSON in a string."""
        inner = _Masker(self._keep_types)
        try:
            content = inner.payload(_decoder.decode(text), None)
        except ValueError:
            return text
        self.count += inner.count
        return content if inner.count else text


def _write(value: Any) -> str:
    """Write what was read, in ASCII; JSON itself would let DEL pass."""
    if isinstance(value, _Members):
        return f"{{{','.join([f'{_write(name)}:{_write(each)}' for name, each in value])}}}"
    if isinstance(value, list):
        return f"[{','.join([_write(each) for each in value])}]"
    if isinstance(value, _Number):
        return value
    return json.dumps(value).replace("\x7f", "\\u007f")
