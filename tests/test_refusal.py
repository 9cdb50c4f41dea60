"""Refusals: what an error says, for every keyword, and that it never says too much."""

from __future__ import annotations

from typing import Any

import pytest

from ocpp21.errors import MAX_DESCRIPTION, ErrorCode
from ocpp21.refusal import CODES, payload_error, pointer, quote, text_of

TEXT: dict[str, Any] = {"kind": "string"}

SENTENCES = [
    ("json", b"nul}", {}, "expected JSON, found `nul}` at byte 7"),
    ("json", b'"secret":"1234"', {}, 'expected JSON, found `"secret"` at byte 7'),
    ("json", b"", {}, "expected JSON, found the end of the payload"),
    ("utf-8", b"\xff\xfe", {}, "expected UTF-8, found byte 0xff at byte 7"),
    ("surrogate", b"\\ud800x", {}, r"expected both halves of a surrogate pair, found `\\ud800x` at byte 7"),
    ("uniqueMembers", b'"a":1', {}, "expected each member once, found `a`"),
    ("depth", b"[[[", {}, "expected at most 64 levels of objects and arrays, found `[[[`"),
    ("range", b"1e400,", {}, "expected a number that a double can hold, found `1e400`"),
    ("type", b"17]", TEXT, "expected a string, found `17`"),
    ("type", b"{}", TEXT, "expected a string, found an object"),
    ("type", b"[]", TEXT, "expected a string, found an array"),
    ("type", b"null", {"kind": "array"}, "expected an array, found `null`"),
    ("type", b'"a"', {"kind": "boolean"}, "expected true or false, found `a`"),
    ("type", b'"a"', {"kind": "date-time"}, "expected a date-time string, found `a`"),
    ("type", b'"a\xff"', {"kind": "enum"}, 'expected a string, found `a\\ufffd"`'),
    ("type", b"1.5", {"kind": "integer"}, "expected an integer, found `1.5`"),
    ("type", b"true", {"kind": "number"}, "expected a number, found `true`"),
    ("type", b'"a"', {"kind": "object"}, "expected an object, found `a`"),
    ("required", b"}", {"missing": "type"}, "expected the member `type`, found none"),
    ("additionalProperties", b'"tipe":1', {"members": ["type"]}, "(did you mean `type`?), found `tipe`"),
    ("additionalProperties", b'"x":1', {"members": ["type"]}, "expected a member of this object, found `x`"),
    ("enum", b'"C"', {"values": ["A", "B"], "usual": None}, "expected `A` or `B`, found `C`"),
    ("enum", b'"q"', {"values": list("abcde"), "usual": None}, "expected one of 5 values, found `q`"),
    ("enum", b'"A.C"', {"values": ["A.B.C.D", "A.C.D"], "usual": None}, "(did you mean `A.C.D`?), found `A.C`"),
    ("enum", b'"A.C"', {"values": ["A.B.C.D", "A.C.D"], "usual": "A.B.C.D"}, "(did you mean `A.B.C.D`?)"),
    ("enum", b'"%s"' % (b"A" * 65), {"values": ["A"], "usual": None}, f"found `{'A' * 39}…`"),
    ("minimum", b"-1", {"minimum": 0, "maximum": None}, "expected a number of 0 or more, found `-1`"),
    ("maximum", b"1", {"minimum": None, "maximum": 0}, "expected a number of 0 or less, found `1`"),
    ("maximum", b"4", {"minimum": 0, "maximum": 3}, "expected a number from 0 to 3, found `4`"),
    ("maxLength", b'"abcd"', {"max_length": 3}, "expected at most 3 characters, found 4 characters"),
    ("maxLength", b'"abcd', {"max_length": 3}, "expected at most 3 characters, found more characters"),
    ("minItems", b"]", {"min_items": 1}, "expected 1 or more items, found none"),
    ("maxItems", b"1]", {"max_items": 2}, "expected at most 2 items, found `1`"),
    ("format", b'"today"', {}, "expected an RFC 3339 date-time with offset, found `today`"),
    ("identifierString", b'"a b"', {}, "expected an identifier of letters, digits and *-_=:+|@., found `a b`"),
    ("integer32", b"9999999999", {}, "expected an integer of 32 bits, found `9999999999`"),
    ("fractionDigits", b'"x"', {}, "expected at most 3 digits of a second, found `x`"),
    ("decimals", b"0.1234567", {}, "expected at most 6 decimals, found `0.1234567`"),
]


@pytest.mark.parametrize(("keyword", "found", "facts", "sentence"), SENTENCES)
def test_sentences(keyword: str, found: bytes, facts: dict[str, Any], sentence: str) -> None:
    error = payload_error(keyword, ["a", 0, "b"], 7, found, facts)
    assert error.description.startswith("`/a/0/b`: expected ")
    assert error.description.endswith(sentence) or sentence in error.description
    assert (error.code, error.keyword, error.pointer, error.offset) == (CODES[keyword], keyword, "/a/0/b", 7)


def test_every_keyword_has_a_sentence_and_a_code() -> None:
    assert {keyword for keyword, *_ in SENTENCES} == set(CODES)
    assert all(isinstance(code, ErrorCode) for code in CODES.values())


HIDDEN = [
    ("type", b"1234567", TEXT, "found a number"),
    ("type", b"null", TEXT, "found `null`"),
    ("type", b"{", TEXT, "found an object"),
    ("type", b"[", TEXT, "found an array"),
    ("maxLength", b'"s3cret"', {"max_length": 3}, "found a string of 6 characters"),
    ("maxLength", b'"s3cret', {"max_length": 3}, "found a string"),
    ("json", b"s3cret", {}, "found something not shown here at byte 7"),
    ("utf-8", b"\xff", {}, "found something not shown here at byte 7"),
]


@pytest.mark.parametrize(("keyword", "found", "facts", "sentence"), HIDDEN)
def test_secrets_are_not_shown(keyword: str, found: bytes, facts: dict[str, Any], sentence: str) -> None:
    error = payload_error(keyword, ["basicAuthPassword"], 7, found, {**facts, "is_secret": True})
    assert error.description.endswith(sentence)
    assert "s3cret" not in error.description and "1234567" not in error.description


def test_names_of_members_are_no_secrets() -> None:
    facts = {"members": ["key"], "is_secret": True}
    assert "found `kee`" in payload_error("additionalProperties", ["kee"], 0, b'"kee":1', facts).description


def test_the_payload_itself_is_named() -> None:
    assert payload_error("json", [], 0, b"x", {}).description == "payload: expected JSON, found `x` at byte 0"


@pytest.mark.parametrize("found", [b'"%s"' % ("\u202e\x1b[31m\n" * 400).encode(), b"\x00" * 512, b'"' + b"\\" * 511])
@pytest.mark.parametrize("keyword", CODES)
def test_hostile_text_stays_short_and_on_one_line(keyword: str, found: bytes) -> None:
    facts = {"kind": "string", "missing": "a", "members": ["a"], "values": ["a"], "usual": None, "max_length": 1}
    facts |= {"minimum": 0, "maximum": 0, "min_items": 1, "max_items": 1}
    error = payload_error(keyword, ["é\n" * 600] * 3, 0, found, facts)
    assert len(error.description) <= MAX_DESCRIPTION
    assert error.description.replace("…", "").isascii() and error.description.isprintable()
    assert len(error.details["pointer"]) <= MAX_DESCRIPTION


def test_pointers_escape_their_steps() -> None:
    assert pointer([]) == ""
    assert pointer(["a/b", 0, "m~n", ""]) == "/a~1b/0/m~0n/"


def test_quotes_show_no_control_characters() -> None:
    assert quote("a\n\x1b\ud800é") == r"`a\n\x1b\ud800\xe9`"
    assert quote("x" * 100) == f"`{'x' * 39}…`"
    assert text_of(b'"a\\u0041"') == "aA"
