"""The byte validator, rule by rule: what is refused and how it is reported, what is rewritten, what is tolerated."""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from array import array
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import naive_validator
import payloads
import pytest

from ocpp21 import codec
from ocpp21._speedups import validators
from ocpp21._speedups.validators import CANONICAL, CONFORM, SCHEMAS, check, check_json, check_many, tolerate
from ocpp21.errors import ErrorCode, PayloadError
from ocpp21.messages import datatypes
from ocpp21.refusal import CODES

STATM = Path("/proc/self/statm")
SEED = os.environ.get("OCPP21_SEED", "20260117")

HEARTBEAT = SCHEMAS["HeartbeatRequest"]  # customData alone
TIME = SCHEMAS["HeartbeatResponse"]  # currentTime, required
TARIFFS = SCHEMAS["ClearTariffsRequest"]  # tariffIds: 1.. identifiers of 60 characters; evseId: 0..
COST = SCHEMAS["CostUpdatedRequest"]  # totalCost, transactionId: required; sent to a Charging Station
COST_UP = SCHEMAS["NotifySettlementRequest"]  # settlementAmount; sent by a Charging Station
DATA = SCHEMAS["DataTransferRequest"]  # vendorId: required; data: anything
BATTERY = SCHEMAS["BatteryDataType"]  # soC: a number from 0 to 100
PERIOD = SCHEMAS["ChargingSchedulePeriodType"]  # startPeriod: required; numberPhases: 0..3
DURATION = SCHEMAS["GetCompositeScheduleRequest"]  # duration: any integer; evseId
DISPLAY = SCHEMAS["GetDisplayMessagesRequest"]  # id: 1.. integers; priority: three values
VALUE = SCHEMAS["SampledValueType"]  # measurand: 56 values
AUTHORIZE = SCHEMAS["AuthorizeRequest"]  # iso15118CertificateHashData: 1..4

VALID_TIME = b'{"currentTime":"2026-01-17T08:00:00Z"}'


def refusal(function: Callable[..., object], *arguments: Any) -> PayloadError:
    with pytest.raises(PayloadError) as caught:
        function(*arguments)
    error = caught.value
    assert error.code == CODES[error.keyword]
    assert len(error.description) <= 255 and error.description.isprintable()
    assert str(error) == error.description
    return error


def refused(schema: int, data: bytes, mode: int = 0) -> tuple[str, str, int]:
    error = refusal(check, schema, data, mode)
    return error.keyword, error.pointer, error.offset


def is_json(data: bytes) -> bool:
    """Say whether a text is JSON, and check that every way to ask gives the same answer."""
    try:
        check_json(data)
    except PayloadError as error:
        expected = naive_validator.text_violation(data)
        assert expected == (error.keyword, error.pointer, error.offset)
        # In a payload the same text is refused too, or it would not stay within its place.
        with pytest.raises(PayloadError):
            check(DATA, b'{"vendorId":"a","data":' + data + b"}")
        return False
    assert naive_validator.text_violation(data) is None
    payload = b'{"vendorId":"a","data":' + data + b"}"
    assert check(DATA, payload) is payload
    return True


def wire_time(text: str, mode: int = 0) -> str:
    checked = check(TIME, f'{{"currentTime":"{text}"}}'.encode(), mode)
    value: str = json.loads(bytes(checked))["currentTime"]
    return value


def integer(token: str) -> str:
    """Return how an integer is rewritten."""
    checked = bytes(check(DURATION, f'{{"duration":{token},"evseId":0}}'.encode()))
    return checked.removeprefix(b'{"duration":').removesuffix(b',"evseId":0}').decode()


# The text: the table of traps, in which no two parsers agree

GOOD_TEXTS = {
    "null": b"null",
    "true": b"true",
    "false": b"false",
    "zero": b"0",
    "minus zero": b"-0",
    "minus zero as decimal": b"-0.0",
    "2 ** 64": b"18446744073709551616",
    "10 ** 40": b"1" + b"0" * 40,
    "largest double": b"1.7976931348623157e308",
    "largest number that rounds to a double": b"1797693134862315807e290",
    "smallest double": b"5e-324",
    "underflow": b"1e-400",
    "zero with a huge exponent": b"0e999999999999999999999999",
    "small with a huge exponent": b"1e-999999999999999999999999",
    "308 digits": b"9" * 308,
    "5000 digits behind the point": b"0." + b"1" * 5000,
    "exponent with zeros": b"1E+0002",
    "empty string": b'""',
    "empty array": b"[]",
    "empty object": b"{}",
    "all white space": b" \t\n\r[ \t\n\r1 \t\n\r, \t\n\r2 \t\n\r] \t\n\r",
    "every escape": rb'"\"\\\/\b\f\n\r\t\u0041\u00e9\uD83D\udd0c\u0000"',
    "escaped NUL as a name": rb'{"\u0000":1}',
    "DEL": b'"\x7f"',
    "first of two bytes": b'"\xc2\x80"',
    "first of three bytes": b'"\xe0\xa0\x80"',
    "before the surrogates": b'"\xed\x9f\xbf"',
    "behind the surrogates": b'"\xee\x80\x80"',
    "noncharacter": b'"\xef\xbf\xbf"',
    "first of four bytes": b'"\xf0\x90\x80\x80"',
    "last code point": b'"\xf4\x8f\xbf\xbf"',
    "BOM inside a string": b'"\xef\xbb\xbf"',
    "same name in different objects": b'{"a":{"a":1},"b":{"a":1}}',
    "same name in two normal forms": '{"\u00e9":1,"e\u0301":2}'.encode(),
    "names that differ in case": b'{"a":1,"A":2}',
    "names that meet a prefix": b'{"a":1,"":2,"aa":3}',
    "__class__": b'{"__class__":1,"__proto__":2}',
    "63 levels": b"[" * 63 + b"]" * 63,
}
BAD_TEXTS = {
    "nothing": b"",
    "white space": b" \n ",
    "NaN": b"NaN",
    "Infinity": b"Infinity",
    "-Infinity": b"-Infinity",
    "1e400": b"1e400",
    "-1e400": b"-1e400",
    "first that rounds to infinity": b"179769313486231580793728971405303415079934132710037826936173778980444968292"
    b"764750946649017977587207096330286416692887910946555547851940402630657488671505820681908902000708383676273854845817711"
    b"531764475730270069855571366959622842914819860834936475292719074168444365510704342711559699508093042880177904174497792",
    "310 digits": b"1" * 310,
    "5000 digits": b"1" * 5000,
    "zero point with a huge exponent": b"0.0001e400",
    "leading zero": b"01",
    "negative leading zero": b"-01",
    "plus": b"+1",
    "point without digits": b"1.",
    "point without a whole": b".5",
    "exponent without digits": b"1e",
    "exponent with sign alone": b"1e+",
    "minus alone": b"-",
    "hexadecimal": b"0x10",
    "underscore": b"1_000",
    "lone high surrogate": rb'"\ud800"',
    "lone low surrogate": rb'"\udc00"',
    "swapped surrogates": rb'"\udc00\ud800"',
    "two high surrogates": rb'"\ud800\ud800"',
    "high surrogate before an escape": rb'"\ud800\n"',
    "high surrogate before a bad escape": rb'"\ud800\u12"',
    "raw surrogate": b'"\xed\xa0\x80"',
    "raw pair of surrogates": b'"\xed\xa0\xbd\xed\xb4\x8c"',
    "overlong slash": b'"\xc0\xaf"',
    "overlong NUL": b'"\xe0\x80\x80"',
    "overlong in four bytes": b'"\xf0\x80\x80\x80"',
    "behind the last code point": b'"\xf4\x90\x80\x80"',
    "five bytes": b'"\xf8\x88\x80\x80\x80"',
    "lone continuation": b'"\x80"',
    "cut sequence": b'"\xf0\x9f\x94"',
    "sequence cut by the end": b'"\xf0\x9f',
    "Latin-1": b'"\xe9"',
    "raw tab": b'"\t"',
    "raw line feed": b'"\n"',
    "raw NUL": b'"\x00"',
    "BOM": b"\xef\xbb\xbf1",
    "UTF-16": '"a"'.encode("utf-16"),
    "UTF-16 without BOM": '"a"'.encode("utf-16-le"),
    "UTF-32": '"a"'.encode("utf-32-le"),
    "trailing NUL": b"1\x00",
    "trailing comma in an array": b"[1,]",
    "trailing comma in an object": b'{"a":1,}',
    "leading comma": b"[,1]",
    "two commas": b"[1,,2]",
    "no comma": b"[1 2]",
    "no colon": b'{"a" 1}',
    "name that is no string": b"{1:2}",
    "name without value": b'{"a":}',
    "single quotes": b"'a'",
    "comment": b"/**/1",
    "form feed as white space": b"\f1",
    "no-break space as white space": b"\xc2\xa01",
    "two values": b"1 2",
    "a string and more": b'"a" "b"',
    "capital literal": b"True",
    "cut literal": b"nul",
    "unknown escape": rb'"\x41"',
    "escape at the end": b'"\\',
    "short escape": rb'"\u12"',
    "signed escape": rb'"\u+123"',
    "open string": b'"abc',
    "long open string": b'"abcdefghijklmnopqrstuvwxyz',
    "open array": b"[1",
    "open object": b'{"a":1',
    "closing bracket of the other kind": b"[1}",
    "closing bracket alone": b"]",
    "name twice": b'{"a":1,"a":1}',
    "name twice in other spelling": rb'{"a":1,"\u0061":1}',
    "empty name twice": b'{"":1,"":1}',
    "name of a pair twice": '{"\U0001f50c":1,"\\ud83d\\udd0c":1}'.encode(),
    "65 levels": b"[" * 65 + b"]" * 65,
    "100,000 levels": b"[" * 100_000,
    "100,000 levels of objects": b'{"a":' * 100_000,
}


@pytest.mark.parametrize("data", GOOD_TEXTS.values(), ids=GOOD_TEXTS.keys())
def test_json_that_is_accepted(data: bytes) -> None:
    assert is_json(data)


@pytest.mark.parametrize("data", BAD_TEXTS.values(), ids=BAD_TEXTS.keys())
def test_json_that_is_refused(data: bytes) -> None:
    assert not is_json(data)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'{"customData":tru}', ("json", "/customData", 14)),
        (b'{"customData":{"vendorId":"a"} x', ("json", "/customData", 31)),
        (b'{"customData":{"vendorId":"a"}} x', ("json", "", 32)),
        (b'{"customData":{"vendorId":"a","b":[1,2', ("json", "/customData/b/1", 38)),
        (b'{"customData":{"vendorId":"a","b":[1,', ("json", "/customData/b/1", 37)),
        (b'{"customData":{"vendorId":"a","b":[', ("json", "/customData/b/0", 35)),
        (b'{"customData":{"vendorId":"a",', ("json", "/customData", 30)),
        (b'{"customData" {', ("json", "/customData", 14)),
        (b'{"customData":', ("json", "/customData", 14)),
        (b'{"customData', ("json", "", 1)),
        (b"{", ("json", "", 1)),
        (b"", ("json", "", 0)),
        (b'{"customData":{"vendorId":"ab\xff"}}', ("utf-8", "/customData/vendorId", 29)),
        (b'{"customData":{"vendorId":"a\\ud800"}}', ("surrogate", "/customData/vendorId", 28)),
        (b'{"customData":{"vendorId":"a","x":1,"\\u0078":2}}', ("uniqueMembers", "/customData/x", 36)),
        (b'{"customData":{"vendorId":"a","vendor\\u0049d":2}}', ("uniqueMembers", "/customData/vendorId", 30)),
        (b'{"customData":{"vendorId":"a","x":[0,1e400]}}', ("range", "/customData/x/1", 37)),
        (b'{"customData":{"vendorId":"a","a/b~c":[{"\\u00e9":nul}]}}', ("json", "/customData/a~1b~0c/0/\xe9", 49)),
    ],
)
def test_a_fault_in_the_text_is_reported_where_it_is(data: bytes, expected: tuple[str, str, int]) -> None:
    assert refused(HEARTBEAT, data) == expected


@pytest.mark.parametrize("path", ["data", "data/data", "data/idToken", "data/0/a", "data/customData/vendorId"])
def test_a_path_may_lead_through_open_values(path: str) -> None:
    names = path.split("/")
    data = b'{"vendorId":"a"'
    for number, name in enumerate(names):
        data += b"[" if name == "0" else b'%b"%b":' % (b"{" if number else b",", name.encode())
    assert refused(DATA, data + b"x") == ("json", f"/{path}", len(data))


# The schemas

KEYWORDS: list[tuple[str, int, bytes, str, int, str]] = [
    ("type", HEARTBEAT, b"[]", "", 0, "expected an object, found an array"),
    ("type", HEARTBEAT, b' "a"', "", 1, "expected an object, found `a`"),
    ("type", HEARTBEAT, b"null", "", 0, "expected an object, found `null`"),
    ("type", HEARTBEAT, b'{"customData":1}', "/customData", 14, "expected an object, found `1`"),
    ("type", TIME, b'{"currentTime":0}', "/currentTime", 15, "expected a date-time string, found `0`"),
    ("type", TIME, b'{"currentTime":{}}', "/currentTime", 15, "expected a date-time string, found an object"),
    ("type", TARIFFS, b'{"tariffIds":"a"}', "/tariffIds", 13, "expected an array, found `a`"),
    ("type", TARIFFS, b'{"tariffIds":["a",null]}', "/tariffIds/1", 18, "expected a string, found `null`"),
    ("type", TARIFFS, b'{"evseId":1.5}', "/evseId", 10, "expected an integer, found `1.5`"),
    ("type", TARIFFS, b'{"evseId":true}', "/evseId", 10, "expected an integer, found `true`"),
    ("type", TARIFFS, b'{"evseId":"1"}', "/evseId", 10, "expected an integer, found `1`"),
    ("type", TARIFFS, b'{"evseId":null}', "/evseId", 10, "expected an integer, found `null`"),
    ("type", COST, b'{"totalCost":"1"}', "/totalCost", 13, "expected a number, found `1`"),
    ("type", DISPLAY, b'{"priority":[]}', "/priority", 12, "expected a string, found an array"),
    ("type", PERIOD, b'{"evseSleep":0}', "/evseSleep", 13, "expected true or false, found `0`"),
    ("required", TIME, b"{}", "", 1, "expected the member `currentTime`, found none"),
    ("required", COST, b'{"totalCost":1 }', "", 15, "expected the member `transactionId`, found none"),
    ("required", HEARTBEAT, b'{"customData":{}}', "/customData", 15, "expected the member `vendorId`, found none"),
    ("additionalProperties", HEARTBEAT, b'{"a":1}', "/a", 1, "expected a member of this object, found `a`"),
    (
        "additionalProperties",
        TIME,
        b'{"currenttime":1}',
        "/currenttime",
        1,
        "expected a member of this object (did you mean `currentTime`?), found `currenttime`",
    ),
    (
        "additionalProperties",
        HEARTBEAT,
        b'{"__class__":1}',
        "/__class__",
        1,
        "expected a member of this object, found `__class__`",
    ),
    (
        "enum",
        VALUE,
        b'{"value":1,"measurand":"Voltgae"}',
        "/measurand",
        23,
        "expected one of 56 values (did you mean `Voltage`?), found `Voltgae`",
    ),
    (
        "enum",
        DISPLAY,
        b'{"priority":"alwaysfront"}',
        "/priority",
        12,
        "expected `AlwaysFront` or `InFront` or `NormalCycle` (did you mean `AlwaysFront`?), found `alwaysfront`",
    ),
    (
        "enum",
        DISPLAY,
        b'{"priority":""}',
        "/priority",
        12,
        "expected `AlwaysFront` or `InFront` or `NormalCycle`, found ``",
    ),
    ("minimum", TARIFFS, b'{"evseId":-1}', "/evseId", 10, "expected a number of 0 or more, found `-1`"),
    ("minimum", TARIFFS, b'{"evseId":-1e3}', "/evseId", 10, "expected a number of 0 or more, found `-1e3`"),
    ("minimum", PERIOD, b'{"numberPhases":-1}', "/numberPhases", 16, "expected a number from 0 to 3, found `-1`"),
    ("maximum", PERIOD, b'{"numberPhases":4.0}', "/numberPhases", 16, "expected a number from 0 to 3, found `4.0`"),
    (
        "maximum",
        PERIOD,
        b'{"dischargeLimit":1e-300}',
        "/dischargeLimit",
        18,
        "expected a number of 0 or less, found `1e-300`",
    ),
    (
        "maximum",
        BATTERY,
        b'{"soC":100.00000000000000000001}',
        "/soC",
        7,
        "expected a number from 0 to 100, found `100.00000000000000000001`",
    ),
    (
        "maxLength",
        TARIFFS,
        b'{"tariffIds":["%s"]}' % (b"a" * 61),
        "/tariffIds/0",
        14,
        "expected at most 60 characters, found 61 characters",
    ),
    (
        "maxLength",
        TARIFFS,
        b'{"tariffIds":["%s"]}' % (b"a" * 6100),
        "/tariffIds/0",
        14,
        "expected at most 60 characters, found more characters",
    ),
    ("minItems", TARIFFS, b'{"tariffIds":[ ]}', "/tariffIds", 15, "expected 1 or more items, found none"),
    (
        "format",
        TIME,
        b'{"currentTime":"2026-01-17"}',
        "/currentTime",
        15,
        "expected an RFC 3339 date-time with offset, found `2026-01-17`",
    ),
    (
        "range",
        COST,
        b'{"totalCost":1e400}',
        "/totalCost",
        13,
        "expected a number that a double can hold, found `1e400`",
    ),
    (
        "uniqueMembers",
        TIME,
        VALID_TIME[:-1] + b',"currentTime":1}',
        "/currentTime",
        38,
        "expected each member once, found `currentTime`",
    ),
    ("json", TIME, b'{"currentTime"=1}', "/currentTime", 14, "expected JSON, found `=1}` at byte 14"),
    ("json", TIME, b'{"currentTime"', "/currentTime", 14, "expected JSON, found the end of the payload"),
    (
        "json",
        HEARTBEAT,
        b'{"customData":{"vendorId":"a" "b\xd1"}}',
        "/customData/vendorId",
        30,
        'expected JSON, found `"b\\\\xd1"}}` at byte 30',
    ),
    ("utf-8", TIME, b'{"currentTime":"\xff"}', "/currentTime", 16, "expected UTF-8, found byte 0xff at byte 16"),
    (
        "surrogate",
        TIME,
        b'{"currentTime":"\\udc00"}',
        "/currentTime",
        16,
        'expected both halves of a surrogate pair, found `\\\\udc00"}` at byte 16',
    ),
]


@pytest.mark.parametrize(("keyword", "schema", "data", "pointer", "offset", "text"), KEYWORDS)
def test_keywords(keyword: str, schema: int, data: bytes, pointer: str, offset: int, text: str) -> None:
    error = refusal(check, schema, data)
    assert (error.keyword, error.pointer, error.offset) == (keyword, pointer, offset)
    assert error.description == f"{f'`{pointer}`' if pointer else 'payload'}: {text}"


def test_one_item_too_many_is_reported_where_it_begins() -> None:
    item = b'{"hashAlgorithm":"SHA256","issuerNameHash":"a","issuerKeyHash":"b","serialNumber":"c","responderURL":"d"}'
    head = b'{"idToken":{"idToken":"a","type":"b"},"iso15118CertificateHashData":['
    four = head + b",".join([item] * 4)
    assert check(AUTHORIZE, four + b"]}") == four + b"]}"
    error = refusal(check, AUTHORIZE, four + b", " + item + b"]}")
    assert (error.keyword, error.pointer) == ("maxItems", "/iso15118CertificateHashData")
    assert error.offset == len(four) + 2
    assert error.description.startswith("`/iso15118CertificateHashData`: expected at most 4 items, found ")
    for rest in (b",]}", b",", b",x", b',"'):
        assert refused(AUTHORIZE, four + rest) == ("json", "/iso15118CertificateHashData/4", len(four) + 1)


@pytest.mark.parametrize("keyword", sorted(CODES))
def test_codes(keyword: str) -> None:
    expected = {
        "json": ErrorCode.RPC_FRAMEWORK_ERROR,
        "utf-8": ErrorCode.RPC_FRAMEWORK_ERROR,
        "type": ErrorCode.TYPE_CONSTRAINT_VIOLATION,
        "required": ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION,
        "minItems": ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION,
        "maxItems": ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION,
        "additionalProperties": ErrorCode.FORMAT_VIOLATION,
        "uniqueMembers": ErrorCode.FORMAT_VIOLATION,
        "depth": ErrorCode.FORMAT_VIOLATION,
        "surrogate": ErrorCode.FORMAT_VIOLATION,
        "format": ErrorCode.FORMAT_VIOLATION,
        "fractionDigits": ErrorCode.FORMAT_VIOLATION,
    }
    assert CODES[keyword] == expected.get(keyword, ErrorCode.PROPERTY_CONSTRAINT_VIOLATION)


@pytest.mark.parametrize(
    ("schema", "data", "expected"),
    [
        (TARIFFS, b'{"evseId":-1,"x":1}', ("minimum", "/evseId", 10)),
        (TARIFFS, b'{"x":1,"evseId":-1}', ("additionalProperties", "/x", 1)),
        (TARIFFS, b'{"evseId":-1', ("minimum", "/evseId", 10)),
        (TARIFFS, b'{"evseId":-1x', ("minimum", "/evseId", 10)),
        (TARIFFS, b'{"evseId":1x', ("json", "/evseId", 11)),
        (TARIFFS, b'{"evseId":"\xff"}', ("utf-8", "/evseId", 11)),
        (TARIFFS, b'{"evseId":1e400}', ("range", "/evseId", 10)),
        (TARIFFS, b'{"tariffIds":1e400}', ("range", "/tariffIds", 13)),
        (TARIFFS, b'{"tariffIds":[01]}', ("json", "/tariffIds/0", 14)),
        (TARIFFS, b'{"tariffIds":{"\xff":1}}', ("type", "/tariffIds", 13)),
        (COST, b'{"totalCost":1}', ("required", "", 14)),
        (COST, b'{"totalCost":1', ("json", "/totalCost", 14)),
        (TARIFFS, b'{"\\u0078":1}', ("additionalProperties", "/x", 1)),
        (TARIFFS, b'{"x"', ("additionalProperties", "/x", 1)),
        (TARIFFS, b'{"x', ("json", "", 1)),
    ],
)
def test_the_first_violation_counts(schema: int, data: bytes, expected: tuple[str, str, int]) -> None:
    assert refused(schema, data) == expected


@pytest.mark.parametrize("text", ["a", "\xe9", "中", "🔌", "\\n", "\\u00e9", "\\ud83d\\udd0c"])
def test_lengths_count_code_points(text: str) -> None:
    assert check(TARIFFS, f'{{"tariffIds":["{text * 60}"]}}'.encode())
    assert refused(TARIFFS, f'{{"tariffIds":["{text * 61}"]}}'.encode()) == ("maxLength", "/tariffIds/0", 14)


def test_every_schema_is_there() -> None:
    assert len(SCHEMAS) == 303
    assert set(naive_validator.messages()) < set(SCHEMAS)
    assert sorted(SCHEMAS.values()) == list(range(303))


def test_names_and_values_may_be_written_with_escapes() -> None:
    escaped = {text: "".join(f"\\u{ord(c):04X}" for c in text) for text in ("priority", "InFront", "requestId")}
    data = '{{"{priority}":"{InFront}","{requestId}":1}}'.format_map(escaped).encode()
    assert check(DISPLAY, data) is data
    assert codec.decode("GetDisplayMessagesRequest", data).priority == "InFront"
    assert refused(DISPLAY, data.replace(b"\\u0049", b"\\u0069"))[0] == "enum"


# Numbers


@pytest.mark.parametrize(
    ("token", "rewritten"),
    [
        ("0", "0"),
        ("-0", "-0"),
        ("-0.0", "0"),
        ("0e999999999999999999999", "0"),
        ("0.0e-5", "0"),
        ("1.0", "1"),
        ("-1.0", "-1"),
        ("1e2", "100"),
        ("1E+2", "100"),
        ("100e-2", "1"),
        ("1.50e1", "15"),
        ("12.5e1", "125"),
        ("0.00012e5", "12"),
        ("1200e-2", "12"),
        ("123.000", "123"),
        ("9007199254740993.0", "9007199254740993"),
        ("18446744073709551616", "18446744073709551616"),
        ("1e40", "1" + "0" * 40),
        ("-1e300", "-1" + "0" * 300),
        ("1.7976931348623157e308", "17976931348623157" + "0" * 292),
        ("1." + "0" * 5000, "1"),
        ("0." + "0" * 5000 + "1e5001", "1"),
        ("1" + "0" * 5000 + "e-5000", "1"),
    ],
)
def test_integers_are_rewritten_in_digits(token: str, rewritten: str) -> None:
    assert integer(token) == rewritten
    data = f'{{"duration":{token},"evseId":0}}'.encode()
    assert codec.decode("GetCompositeScheduleRequest", data).duration == int(rewritten)


@pytest.mark.parametrize(
    "token",
    [
        "0.5",
        "1.5",
        "1e-1",
        "15e-1",
        "1.0000000000000000001",
        "9007199254740993.5",
        "5e-324",
        "1e-999999999999999999999",
        "0." + "9" * 5000,
        "1." + "0" * 5000 + "1",
    ],
)
def test_what_is_no_integer_is_none_however_close(token: str) -> None:
    assert refused(DURATION, f'{{"duration":{token},"evseId":0}}'.encode()) == ("type", "/duration", 12)


@pytest.mark.parametrize(
    ("token", "keyword"),
    [
        ("0", None),
        ("-0.0", None),
        ("100", None),
        ("1e2", None),
        ("100.0000", None),
        ("0.0000000000001", None),
        ("1000000000000000000000e-19", None),
        ("1e-999999999999", None),
        ("-1e-999999999999", "minimum"),
        ("-5e-324", "minimum"),
        ("-0.1", "minimum"),
        ("-1e300", "minimum"),
        ("100.0000000000000000000000001", "maximum"),
        ("101", "maximum"),
        ("1e3", "maximum"),
        ("123456789012", "maximum"),
        ("1e300", "maximum"),
    ],
)
def test_bounds_are_exact(token: str, keyword: str | None) -> None:
    data = f'{{"evseId":1,"serialNumber":"a","soH":1,"soC":{token}}}'.encode()
    if keyword is None:
        assert check(BATTERY, data) is data
    else:
        assert refused(BATTERY, data) == (keyword, "/soC", data.index(token.encode()))


@pytest.mark.parametrize("digits", [10, 300, 301, 308, 309, 310, 400])
@pytest.mark.parametrize("form", ["{}", "-{}", "{}.5", "{}e0"])
def test_a_number_must_fit_a_double_wherever_it_stands(digits: int, form: str) -> None:
    token = form.format("9" * digits)
    is_too_large = digits > 308
    for schema, data in (
        (COST, f'{{"transactionId":"a","totalCost":{token}}}'),
        (DATA, f'{{"vendorId":"a","data":{token}}}'),
        (BATTERY, f'{{"soC":{token}}}'),
        (DURATION, f'{{"evseId":0,"duration":{token}}}'),
    ):
        try:
            check(schema, data)
        except PayloadError as error:
            assert (error.keyword == "range") is is_too_large
        else:
            assert not is_too_large


# Sizes


def timed(function: Callable[..., object], *arguments: Any) -> float:
    """Return the best of three times in seconds."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        try:
            function(*arguments)
        except PayloadError:
            pass
        times.append(time.perf_counter() - start)
    return min(times)


@pytest.mark.parametrize("levels", [0, 1, 60, 61])
def test_open_values_nest_64_levels_deep(levels: int) -> None:
    data = b'{"customData":{"vendorId":"a","x":[' + b"[" * levels + b"]" * levels + b"]}}"
    assert check(HEARTBEAT, data) is data
    assert codec.decode("HeartbeatRequest", data).custom_data["vendorId"] == "a"


@pytest.mark.parametrize("levels", [62, 1000, 100_000])
def test_a_level_too_many_is_refused_at_its_bracket(levels: int) -> None:
    data = b'{"customData":{"vendorId":"a","x":[' + b"[" * levels + b"]" * levels + b"]}}"
    error = refusal(check, HEARTBEAT, data)
    assert (error.keyword, error.offset) == ("depth", 35 + 61)
    assert error.pointer == "/customData/x" + "/0" * 62
    assert timed(check, HEARTBEAT, data) < 0.1


@pytest.mark.parametrize("text", [b"a", b"\\n", "🔌".encode(), b"\\ud83d\\udd0c"])
def test_ten_megabytes_of_text(text: bytes) -> None:
    long = text * (10_000_000 // len(text))
    open_value = b'{"vendorId":"a","data":"' + long + b'"}'
    assert check(DATA, open_value) is open_value
    limited = b'{"vendorId":"' + long + b'"}'
    assert refused(DATA, limited) == ("maxLength", "/vendorId", 12)
    assert refused(DATA, open_value[:-2]) == ("json", "/data", 23)
    assert refused(DATA, b'{"' + long + b'":1}')[0] == "additionalProperties"
    assert refused(TIME, b'{"currentTime":"' + long + b'"}')[0] == "format"
    assert refused(DISPLAY, b'{"priority":"' + long + b'"}')[0] == "enum"
    assert timed(check, DATA, open_value) < 1
    assert timed(check, DATA, limited) < 1


@pytest.mark.parametrize(
    ("token", "is_double", "digits"),
    [
        (b"1" * 1_000_000, False, 0),
        (b"0." + b"1" * 1_000_000, True, 0),
        (b"1." + b"0" * 1_000_000, True, 1),
        (b"0." + b"0" * 1_000_000 + b"1e1000001", True, 1),
        (b"1e" + b"1" * 1_000_000, False, 0),
        (b"1e-" + b"1" * 1_000_000, True, 0),
        (b"1e" + b"0" * 1_000_000 + b"2", True, 3),
    ],
    ids=["whole", "fraction", "zeros", "leading zeros", "exponent", "negative exponent", "zeros in the exponent"],
)
def test_a_million_digits(token: bytes, is_double: bool, digits: int) -> None:
    number = b'{"transactionId":"a","totalCost":' + token + b"}"
    whole = b'{"evseId":0,"duration":' + token + b"}"
    for schema, data, is_valid in ((COST, number, is_double), (DURATION, whole, digits > 0)):
        if is_valid:
            assert len(check(schema, data)) == (len(data) if schema == COST else len(data) - len(token) + digits)
        else:
            assert refused(schema, data)[0] == ("type" if is_double else "range")
        assert timed(check, schema, data) < 0.5


def test_open_objects_take_linear_time() -> None:
    def payload(count: int) -> bytes:
        return b'{"vendorId":"a","data":{' + b",".join(b'"%d":0' % number for number in range(count)) + b"}}"

    many = payload(200_000)
    assert check(DATA, many) is many
    # Comparing each name with all before it would take twenty billion comparisons; caches alone make no factor of ten.
    assert timed(check, DATA, many) < 2
    twice = many[:-2] + b',"123456":1}}'
    assert refused(DATA, twice) == ("uniqueMembers", "/data/123456", len(many) - 1)


def test_many_open_objects_share_no_names() -> None:
    data = b'{"vendorId":"a","data":[' + b",".join([b'{"a":{"b":1},"b":{"a":1}}'] * 20_000) + b"]}"
    assert check(DATA, data) is data


def test_many_rewritten_values() -> None:
    data = b'{"requestId":1,"id":[' + b",".join([b"1.0"] * 50_000) + b"]}"
    assert check(DISPLAY, data) == b'{"requestId":1,"id":[' + b",".join([b"1"] * 50_000) + b"]}"
    assert timed(check, DISPLAY, data) < 1


@pytest.mark.parametrize("keyword", ["additionalProperties", "maxLength", "enum", "format", "type", "json", "utf-8"])
def test_errors_of_large_payloads_stay_short(keyword: str) -> None:
    name = "\\u0000\u202e🔌'\\\"" * 100_000
    schema, text = {
        "additionalProperties": (HEARTBEAT, f'{{"{name}":1}}'),
        "maxLength": (TARIFFS, f'{{"tariffIds":["{name}"]}}'),
        "enum": (DISPLAY, f'{{"priority":"{name}"}}'),
        "format": (TIME, f'{{"currentTime":"{name}"}}'),
        "type": (TARIFFS, f'{{"evseId":"{name}"}}'),
        "json": (DATA, f'{{"vendorId":"a","data":{{"{name}":x}}}}'),
        "utf-8": (DATA, f'{{"vendorId":"a","data":{{"{name}":"\x00'),
    }[keyword]
    data = text.encode().replace(b"\x00", b"\xff")
    assert refusal(check, schema, data).keyword == keyword


# Date-times


@pytest.mark.parametrize(
    ("text", "plain", "canonical"),
    [
        ("2026-01-17T08:00:00Z", "2026-01-17T08:00:00Z", "2026-01-17T08:00:00Z"),
        ("2026-01-17t08:00:00z", "2026-01-17t08:00:00z", "2026-01-17T08:00:00Z"),
        ("2026-01-17T08:00:00.1Z", "2026-01-17T08:00:00.1Z", "2026-01-17T08:00:00.1Z"),
        ("2026-01-17T08:00:00.1239Z", "2026-01-17T08:00:00.1239Z", "2026-01-17T08:00:00.123Z"),
        ("2026-01-17T08:00:00.999999Z", "2026-01-17T08:00:00.999999Z", "2026-01-17T08:00:00.999Z"),
        ("2026-01-17T08:00:00.0009Z", "2026-01-17T08:00:00.0009Z", "2026-01-17T08:00:00Z"),
        ("2026-01-17T08:00:00.9999999Z", "2026-01-17T08:00:00.999999Z", "2026-01-17T08:00:00.999Z"),
        ("2026-01-17T08:00:00." + "9" * 500 + "Z", "2026-01-17T08:00:00.999999Z", "2026-01-17T08:00:00.999Z"),
        ("2026-01-17T08:00:00-00:00", "2026-01-17T08:00:00-00:00", "2026-01-17T08:00:00Z"),
        ("2026-01-01T00:30:00.5+01:00", "2026-01-01T00:30:00.5+01:00", "2025-12-31T23:30:00.500Z"),
        ("2026-12-31T23:59:59-23:59", "2026-12-31T23:59:59-23:59", "2027-01-01T23:58:59Z"),
        ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59Z", "2016-12-31T23:59:59Z"),
        ("2016-12-31T15:59:60.25-08:00", "2016-12-31T15:59:59.25-08:00", "2016-12-31T23:59:59.250Z"),
        ("2017-01-01T05:29:60+05:30", "2017-01-01T05:29:59+05:30", "2016-12-31T23:59:59Z"),
        ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z"),
        ("9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999Z"),
    ],
)
def test_datetimes(text: str, plain: str, canonical: str) -> None:
    assert wire_time(text) == plain
    assert wire_time(text, CANONICAL) == canonical
    escaped = "".join(f"\\u{ord(c):04x}" for c in text) if len(text) < 200 else text
    assert wire_time(escaped, CANONICAL) == canonical
    decoded = codec.decode("HeartbeatResponse", f'{{"currentTime":"{escaped}"}}'.encode())
    assert decoded.current_time == datetime.fromisoformat(plain.upper())
    assert datetime.fromisoformat(json.loads(codec.encode(decoded))["currentTime"]) == datetime.fromisoformat(canonical)


def test_a_datetime_of_many_escapes_is_read_whole() -> None:
    text = "2026-01-17T08:00:00." + "1" * 30 + "+02:00"
    escaped = "".join(f"\\u{ord(c):04x}" for c in text)
    assert wire_time(escaped) == "2026-01-17T08:00:00.111111+02:00"
    assert wire_time(escaped, CANONICAL) == "2026-01-17T06:00:00.111Z"


@pytest.mark.parametrize("text", payloads.BAD_DATETIMES)
def test_what_is_no_datetime(text: str) -> None:
    data = json.dumps({"currentTime": text}).encode()
    assert naive_validator.datetime_fraction(text) is None
    assert refused(TIME, data) == ("format", "/currentTime", 16)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01"])
def test_a_datetime_that_utc_cannot_say_is_read_but_not_sent(text: str) -> None:
    data = f'{{"currentTime":"{text}"}}'.encode()
    assert codec.decode("HeartbeatResponse", data).current_time.isoformat() == text
    assert refused(TIME, data, CANONICAL) == ("format", "/currentTime", 15)


# Rules of the standard that the schemas do not hold


@pytest.mark.parametrize(
    ("schema", "data", "expected"),
    [
        (TARIFFS, b'{"tariffIds":["aZ09*-_=:+|@."]}', None),
        (TARIFFS, b'{"tariffIds":["\\u0061"]}', None),
        (TARIFFS, b'{"tariffIds":[""]}', None),
        (TARIFFS, b'{"tariffIds":["a","b c"]}', ("identifierString", "/tariffIds/1", 18)),
        (TARIFFS, b'{"tariffIds":["\xc3\xa9"]}', ("identifierString", "/tariffIds/0", 14)),
        (TARIFFS, b'{"tariffIds":["\\n"]}', ("identifierString", "/tariffIds/0", 14)),
        (DURATION, b'{"duration":2147483647,"evseId":0}', None),
        (DURATION, b'{"duration":-2147483648,"evseId":0}', None),
        (DURATION, b'{"duration":2147483648,"evseId":0}', ("integer32", "/duration", 12)),
        (DURATION, b'{"duration":-2147483649,"evseId":0}', ("integer32", "/duration", 12)),
        (DURATION, b'{"duration":2147483648.0,"evseId":0}', ("integer32", "/duration", 12)),
        (DURATION, b'{"duration":1e300,"evseId":0}', ("integer32", "/duration", 12)),
        (TIME, b'{"currentTime":"2026-01-17T08:00:00.123Z"}', None),
        (TIME, b'{"currentTime":"2026-01-17T08:00:00.1230Z"}', ("fractionDigits", "/currentTime", 15)),
        (COST, b'{"totalCost":0.123456,"transactionId":"a"}', None),
        (COST, b'{"totalCost":0.12345600000,"transactionId":"a"}', None),
        (COST, b'{"totalCost":0.1234567,"transactionId":"a"}', ("decimals", "/totalCost", 13)),
        (COST, b'{"totalCost":1e-7,"transactionId":"a"}', ("decimals", "/totalCost", 13)),
        (COST, b'{"totalCost":1e-999999999999,"transactionId":"a"}', ("decimals", "/totalCost", 13)),
    ],
)
def test_conformance(schema: int, data: bytes, expected: tuple[str, str, int] | None) -> None:
    check(schema, data)
    if expected is None:
        check(schema, data, CONFORM)
    else:
        assert refused(schema, data, CONFORM) == expected


def test_a_charging_station_may_send_more_than_six_decimals() -> None:
    data = b'{"settlementAmount":0.1234567,"settlementTime":"2026-01-17T08:00:00Z","pspRef":"a","status":"Settled"}'
    assert check(COST_UP, data, CONFORM) is data


def test_a_fraction_too_long_is_cut_when_it_is_ours() -> None:
    data = b'{"currentTime":"2026-01-17T08:00:00.1234Z"}'
    assert check(TIME, data, CONFORM | CANONICAL) == b'{"currentTime":"2026-01-17T08:00:00.123Z"}'


# Lenient mode

Deviations = list[tuple[str, list[str | int], int, bytes]]


@pytest.mark.parametrize(
    ("schema", "data", "text", "deviations"),
    [
        (TIME, VALID_TIME, VALID_TIME, []),
        (HEARTBEAT, b'{"x":1}', b"{}", [("unknown member", ["x"], 1, b'"x"')]),
        (HEARTBEAT, b'{ "x" : {"a":[1]} }', b"{  }", [("unknown member", ["x"], 2, b'"x"')]),
        (TARIFFS, b'{"x":1,"evseId":1}', b'{"evseId":1}', [("unknown member", ["x"], 1, b'"x"')]),
        (TARIFFS, b'{"evseId":1,"x":1}', b'{"evseId":1}', [("unknown member", ["x"], 12, b'"x"')]),
        (
            TARIFFS,
            b'{"a":1,"b":2,"evseId":1,"c":3,"tariffIds":["a"],"d":4,"e":5}',
            b'{"evseId":1,"tariffIds":["a"]}',
            [
                ("unknown member", ["a"], 1, b'"a"'),
                ("unknown member", ["b"], 7, b'"b"'),
                ("unknown member", ["c"], 24, b'"c"'),
                ("unknown member", ["d"], 48, b'"d"'),
                ("unknown member", ["e"], 54, b'"e"'),
            ],
        ),
        (TARIFFS, b'{"evseId":null}', b"{}", [("null", ["evseId"], 10, b"null")]),
        (TARIFFS, b'{"tariffIds":null,"evseId":1}', b'{"evseId":1}', [("null", ["tariffIds"], 13, b"null")]),
        (
            TARIFFS,
            b'{"evseId":null,"x":null,"tariffIds":null}',
            b"{}",
            [
                ("null", ["evseId"], 10, b"null"),
                ("unknown member", ["x"], 15, b'"x"'),
                ("null", ["tariffIds"], 36, b"null"),
            ],
        ),
        (TARIFFS, b'{"evseId":"7"}', b'{"evseId":7}', [("quoted number", ["evseId"], 10, b'"7"')]),
        (TARIFFS, b'{"evseId":"1e2"}', b'{"evseId":100}', [("quoted number", ["evseId"], 10, b'"1e2"')]),
        (TARIFFS, b'{"evseId":"1.0"}', b'{"evseId":1}', [("quoted number", ["evseId"], 10, b'"1.0"')]),
        (
            DISPLAY,
            b'{"requestId":1,"id":["1",2,"3"]}',
            b'{"requestId":1,"id":[1,2,3]}',
            [("quoted number", ["id", 0], 21, b'"1"'), ("quoted number", ["id", 2], 27, b'"3"')],
        ),
        (
            COST,
            b'{"totalCost":"-1.50","transactionId":"a"}',
            b'{"totalCost":-1.50,"transactionId":"a"}',
            [("quoted number", ["totalCost"], 13, b'"-1.50"')],
        ),
        (
            TIME,
            b'{"currentTime":"2026-01-17T08:00:00"}',
            VALID_TIME,
            [("no offset", ["currentTime"], 15, b'"2026-01-17T08:00:00"')],
        ),
        (
            TIME,
            b'{"currentTime":"2026-01-17T08:00:00.12345678"}',
            b'{"currentTime":"2026-01-17T08:00:00.123456Z"}',
            [("no offset", ["currentTime"], 15, b'"2026-01-17T08:00:00.12345678"')],
        ),
    ],
)
def test_lenient(schema: int, data: bytes, text: bytes, deviations: Deviations) -> None:
    found, told = tolerate(schema, data)
    assert (found, [deviation[:4] for deviation in told]) == (text, deviations)
    assert check(schema, text) is text
    if deviations:
        refusal(check, schema, data)
    else:
        assert tolerate(schema, data)[0] is data


def test_lenient_mode_keeps_what_it_cannot_repair() -> None:
    long = "a" * 61
    request = codec.decode("ClearTariffsRequest", f'{{"tariffIds":["a","{long}"]}}'.encode(), lenient=True)
    assert request.tariff_ids == ["a", long]
    longest = "é" * 240
    request = codec.decode("ClearTariffsRequest", f'{{"tariffIds":["{longest}"]}}'.encode(), lenient=True)
    assert request.tariff_ids == [longest]
    display = codec.decode("GetDisplayMessagesRequest", b'{"requestId":1,"priority":"Soon"}', lenient=True)
    assert display.priority == "Soon"


@pytest.mark.parametrize(
    ("schema", "data", "expected"),
    [
        (TARIFFS, f'{{"tariffIds":["{"a" * 241}"]}}'.encode(), ("maxLength", "/tariffIds/0", 14)),
        (TARIFFS, b'{"tariffIds":[]}', ("minItems", "/tariffIds", 14)),
        (TARIFFS, b'{"tariffIds":[null]}', ("type", "/tariffIds/0", 14)),
        (TARIFFS, b'{"evseId":"-1"}', ("minimum", "/evseId", 10)),
        (TARIFFS, b'{"evseId":"1.5"}', ("type", "/evseId", 10)),
        (TARIFFS, b'{"evseId":"1e400"}', ("range", "/evseId", 10)),
        (TARIFFS, b'{"evseId":"01"}', ("type", "/evseId", 10)),
        (TARIFFS, b'{"evseId":" 1"}', ("type", "/evseId", 10)),
        (TARIFFS, b'{"evseId":""}', ("type", "/evseId", 10)),
        (TARIFFS, b'{"evseId":true}', ("type", "/evseId", 10)),
        (TARIFFS, b'{"evseId":nul}', ("json", "/evseId", 10)),
        (TARIFFS, b'{"x":1,"x":2}', ("uniqueMembers", "/x", 7)),
        (TARIFFS, b'{"evseId":null,"evseId":1}', ("uniqueMembers", "/evseId", 15)),
        (TARIFFS, b'{"x":1,}', ("json", "", 7)),
        (TARIFFS, b'{"x":"\xff"}', ("utf-8", "/x", 6)),
        (TARIFFS, b'{"x":' + b"[" * 64 + b"]" * 64 + b"}", ("depth", "/x" + "/0" * 63, 68)),
        (TIME, b"{}", ("required", "", 1)),
        (TIME, b'{"currentTime":null}', ("type", "/currentTime", 15)),
        (TIME, b'{"currentTime":"2026-01-17"}', ("format", "/currentTime", 15)),
        (TIME, b'{"currentTime":"2026-01-17 08:00:00"}', ("format", "/currentTime", 15)),
    ],
)
def test_never_lenient(schema: int, data: bytes, expected: tuple[str, str, int]) -> None:
    error = refusal(tolerate, schema, data)
    assert (error.keyword, error.pointer, error.offset) == expected


def test_lenient_and_conform_go_together() -> None:
    data = b'{"x":1,"tariffIds":["a b"]}'
    tolerate(TARIFFS, data)
    assert refusal(tolerate, TARIFFS, data, CONFORM).keyword == "identifierString"


# Buffers and batches


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, lambda data: memoryview(bytearray(data))])
def test_buffers(kind: Callable[[bytes], Any]) -> None:
    data = kind(VALID_TIME)
    assert check(TIME, data) is data
    assert tolerate(TIME, data)[0] is data
    assert check_many([TIME], [data]) == [None]
    check_json(data)
    bad = kind(b'{"currentTime":1}')
    assert refused(TIME, bad) == ("type", "/currentTime", 15)
    assert (
        bytes(check(TIME, kind(b'{"currentTime":"2016-12-31T23:59:60Z"}'))) == b'{"currentTime":"2016-12-31T23:59:59Z"}'
    )


def test_text() -> None:
    assert check(TIME, VALID_TIME.decode()) == VALID_TIME
    assert refused(HEARTBEAT, '{"é":1}')[1] == "/é"
    assert refusal(check, DATA, '{"vendorId":"\ud800"}').keyword == "utf-8"


def test_a_buffer_is_given_back() -> None:
    data = bytearray(VALID_TIME)
    check(TIME, data)
    data.append(0x78)
    refusal(check, TIME, data)
    data.append(0x78)


@pytest.mark.parametrize("function", [lambda data: check(TIME, data), lambda data: tolerate(TIME, data), check_json])
def test_what_is_no_buffer_of_bytes(function: Callable[[Any], object]) -> None:
    with pytest.raises(BufferError):
        function(memoryview(VALID_TIME)[::2])
    for data in (None, 1, [VALID_TIME], object()):
        with pytest.raises(TypeError):
            function(data)
    with pytest.raises(PayloadError):
        function(array("d", [1.5, 2.5]))


def test_nothing_behind_a_view_is_read() -> None:
    generator = payloads.Generator("TransactionEventRequest", SEED)
    schema = SCHEMAS["TransactionEventRequest"]
    for payload in (generator.valid() for _ in range(5)):
        for size in range(min(len(payload.data), 2000)):
            part = payload.data[:size]
            for rest in (payload.data[size:], b'"' * 16, b"\\u0000" * 4, b"\xbf" * 16, b"0" * 16):
                view = memoryview(part + rest)[:size]
                assert refused(schema, view) == refused(schema, part)


@pytest.mark.parametrize("schema", [-1, 303, 2**31 - 1, -(2**31)])
def test_unknown_schemas(schema: int) -> None:
    for function in (check, tolerate):
        with pytest.raises(IndexError):
            function(schema, b"{}")
    with pytest.raises(IndexError):
        check_many([schema], [b"{}"])
    with pytest.raises(IndexError):
        validators.describe(schema)


@pytest.mark.parametrize("mode", [0, CONFORM])
def test_a_batch_is_checked_as_its_payloads_are(mode: int) -> None:
    print(f"OCPP21_SEED={SEED}")
    schemas, batch, expected = [], [], []
    for message in naive_validator.messages():
        generator = payloads.Generator(message, SEED)
        for payload in (generator.valid(), generator.faulty(1), generator.mutated()):
            schemas.append(SCHEMAS[message])
            batch.append(payload.data)
            violation = naive_validator.first_violation(message, payload.data, conform=bool(mode))
            expected.append(violation)
    errors = check_many(schemas, batch, mode)
    found = [None if error is None else (error.keyword, error.pointer, error.offset) for error in errors]
    assert found == expected
    views = (memoryview(data) for data in batch)
    assert [error is None for error in check_many(schemas, views, mode)] == [error is None for error in errors]


def test_batches_of_other_forms() -> None:
    assert check_many([], []) == []
    assert check_many((TIME,), (VALID_TIME,)) == [None]
    with pytest.raises(ValueError, match="as many schemas as payloads"):
        check_many([TIME], [])
    with pytest.raises(TypeError):
        check_many([TIME], [None])
    with pytest.raises(TypeError):
        check_many(["a"], [b"{}"])


def test_threads() -> None:
    large = b'{"vendorId":"a","data":[' + b",".join([b'{"a":{"b":1.5},"c":"' + b"x" * 100 + b'"}'] * 2000) + b"]}"
    bad = large[:-2] + b",}"
    with ThreadPoolExecutor(4) as pool:
        good = list(pool.map(lambda _: check(DATA, large) is large, range(50)))
        errors = list(pool.map(lambda _: refused(DATA, bad), range(50)))
    assert all(good)
    assert set(errors) == {("json", "/data/2000", len(bad) - 1)}


# Memory


def resident() -> int:
    """Return the memory of the process in bytes; where the system does not tell, the most it ever was."""
    if STATM.exists():
        return int(STATM.read_text().split()[1]) * resource.getpagesize()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def refuse_quietly(schema: int, data: bytes) -> None:
    try:
        check(schema, data)
    except PayloadError:
        return
    raise AssertionError("expected a refusal")


def test_memory_stays_flat() -> None:
    members = b'{"customData":{"vendorId":"a",' + b",".join(b'"%d":0' % number for number in range(100)) + b"}}"
    notes = b'{"requestId":1,"id":[' + b",".join([b"1.0"] * 20) + b"]}"
    work: list[tuple[Callable[..., object], tuple[Any, ...], int]] = [
        (codec.decode, (datatypes.SampledValueType, b'{"value":1,"measurand":"Voltage"}'), 60_000),
        (codec.decode, ("HeartbeatResponse", b'{"currentTime":"2016-12-31T23:59:60Z"}'), 30_000),
        (check, (HEARTBEAT, members), 20_000),
        (check, (DISPLAY, notes), 20_000),
        (tolerate, (HEARTBEAT, b'{"x":1}'), 20_000),
        (refuse_quietly, (TIME, b'{"currentTime":1}'), 20_000),
        (refuse_quietly, (HEARTBEAT, members[:-1]), 10_000),
        (refuse_quietly, (DISPLAY, notes[:-1]), 10_000),
        (check_many, ([TIME, HEARTBEAT], [b"{}", members]), 10_000),
    ]
    assert sum(count for _, _, count in work) >= 200_000
    for function, arguments, count in work:
        for _ in range(count // 20):
            function(*arguments)
        blocks, size = sys.getallocatedblocks(), resident()
        for _ in range(count):
            function(*arguments)
        assert sys.getallocatedblocks() - blocks < 500, arguments
        assert resident() - size < 2**21, arguments
