"""Frames that a hostile or broken peer sends to a CSMS, by family, each with what must come of it.

The families have the numbers of an attack catalogue: A30 sizes, A31 nesting, A32 many members, A34 members twice, A35
and A36 numbers, A37 names, A38 Unicode, A39 logs, A40 foreign languages, A41 times, A42 envelopes, A43 ids, A44 and A45
answers nobody asked for, A46 errors about errors, A48 values out of range, A49 answers to our own call.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

MAX_SIZE = 1 << 20

#: Longest action that is looked up, in characters; anything longer is a broken frame.
MAX_ACTION = 64


class Outcome(Enum):
    """What comes of a frame, unless it is answered with an error."""

    SERVED = "it is a call like others"
    SILENT = "it is not answered"
    CLOSED = "the connection should be closed"


SERVED, SILENT, CLOSED = Outcome

#: An error that goes back: message id and code.
Refusal = tuple[str, str]

RPC = "RpcFrameworkError"
FORMAT = "FormatViolation"
OCCURRENCE = "OccurrenceConstraintViolation"
PROPERTY = "PropertyConstraintViolation"
TYPE = "TypeConstraintViolation"
UNKNOWN = "NotImplemented"
UNREADABLE: Refusal = ("-1", RPC)


class Hostile(NamedTuple):
    """A frame, and what must come of it."""

    name: str
    data: bytes | str
    expected: Outcome | Refusal


Frames = Iterator[Hostile]


def heartbeat(payload: bytes) -> bytes:
    return b'[2,"a","Heartbeat",%s]' % payload


def boot(vendor_name: bytes = b'"v"', reason: bytes = b'"PowerUp"') -> bytes:
    return b'[2,"a","BootNotification",{"reason":%s,"chargingStation":{"model":"m","vendorName":%s}}]' % (
        reason,
        vendor_name,
    )


def status(evse_id: bytes = b"1", timestamp: bytes = b'"2026-01-17T08:00:00Z"') -> bytes:
    members = b'"timestamp":%s,"connectorStatus":"Available","evseId":%s,"connectorId":1' % (timestamp, evse_id)
    return b'[2,"a","StatusNotification",{%s}]' % members


def custom(value: bytes) -> bytes:
    return heartbeat(b'{"customData":{"vendorId":"v","x":%s}}' % value)


def transfer(value: bytes) -> bytes:
    return b'[2,"a","DataTransfer",{"vendorId":"v","data":%s}]' % value


def text(value: object) -> bytes:
    return json.dumps(value).encode()


# A30


def sizes() -> Frames:
    for size in (51, 255, 256, 1000, 64 << 10, MAX_SIZE - 200):
        yield Hostile(f"A30 vendorName of {size}", boot(b'"%s"' % (b"x" * size)), ("a", PROPERTY))
    for size in (MAX_SIZE, 8 << 20):
        yield Hostile(f"A30 vendorName of {size}", boot(b'"%s"' % (b"x" * size)), CLOSED)
    for name, call in (("data", transfer), ("customData", custom)):
        for size in (64 << 10, MAX_SIZE - 200):
            yield Hostile(f"A30 {name} of {size}", call(b'"%s"' % (b"x" * size)), SERVED)
    for size in (MAX_SIZE - 1, MAX_SIZE, MAX_SIZE + 1):
        padded = heartbeat(b"{}").ljust(size)
        yield Hostile(f"A30 blanks up to {size}", padded, SERVED if size <= MAX_SIZE else CLOSED)
        yield Hostile(f"A30 nothing but {size} blanks", b" " * size, UNREADABLE if size <= MAX_SIZE else CLOSED)
        yield Hostile(f"A30 a str of {size}", "x" * size, UNREADABLE if size <= MAX_SIZE else CLOSED)
    yield Hostile("A30 a str whose UTF-8 is too long", '["' + "é" * (MAX_SIZE // 2), CLOSED)
    for size in (1, 2, 3, 5, 8, 13):
        yield Hostile(f"A30 only the first {size} bytes", heartbeat(b"{}")[:size], UNREADABLE)


# A31

OPENINGS = {"arrays": (b"[", b"]"), "objects": (b'{"a":', b"}"), "both": (b'[{"a":', b"}]")}


def nested(kind: str, levels: int, *, closed: bool) -> bytes:
    opening, closing = OPENINGS[kind]
    count = levels // 2 if kind == "both" else levels
    inner = b"" if kind == "arrays" else b"0"
    return opening * count + (inner + closing * count if closed else b"")


def nesting() -> Frames:
    for kind in OPENINGS:
        for levels in (100, 1000, 10_000, 100_000, 1_000_000):
            for closed in (True, False):
                value = nested(kind, levels, closed=closed)
                name = f"A31 {levels} {kind}, {'closed' if closed else 'open'}"
                yield judged_by_size(f"{name}, as frame", value, UNREADABLE)
                yield judged_by_size(f"{name}, as type", b'[%s,"a","Heartbeat",{}]' % value, UNREADABLE)
                yield judged_by_size(f"{name}, as id", b'[2,%s,"Heartbeat",{}]' % value, UNREADABLE)
                yield judged_by_size(f"{name}, as action", b'[2,"a",%s,{}]' % value, ("a", RPC))
                if closed:
                    code = FORMAT if kind == "objects" else TYPE
                    yield judged_by_size(f"{name}, as payload", heartbeat(value), ("a", code))
                yield judged_by_size(f"{name}, in customData", custom(value), ("a", FORMAT))
                yield judged_by_size(f"{name}, in data", transfer(value), ("a", FORMAT))


def judged_by_size(name: str, data: bytes, expected: Outcome | Refusal) -> Hostile:
    return Hostile(name, data, expected if len(data) <= MAX_SIZE else CLOSED)


# A32


def crowds() -> Frames:
    for count in (5000, 50_000):
        members = b",".join(b'"k%d":0' % number for number in range(count))
        yield Hostile(f"A32 {count} unknown members", heartbeat(b"{%s}" % members), ("a", FORMAT))
        yield Hostile(f"A32 {count} members of customData", custom(b"{%s}" % members), SERVED)
    yield Hostile("A32 200000 members", heartbeat(b"{%s}" % b",".join(b'"%d":0' % n for n in range(200_000))), CLOSED)
    for count in (10_000, 500_000):
        items = b"0," * count + b"0"
        yield Hostile(f"A32 {count} items, as frame", b"[%s]" % items, SILENT)
        yield Hostile(f"A32 {count} items behind the payload", b'[2,"a","Heartbeat",{},%s]' % items, ("a", RPC))
        yield Hostile(f"A32 {count} items in data", transfer(b"[%s]" % items), SERVED)
        yield Hostile(f"A32 {count} items as payload", heartbeat(b"[%s]" % items), ("a", TYPE))


# A34


def doubles() -> Frames:
    payloads = {
        "customData": heartbeat(b'{"customData":{"vendorId":"v"},"customData":{"vendorId":"v"}}'),
        "vendorId": heartbeat(b'{"customData":{"vendorId":"v","vendorId":"v"}}'),
        "open member": custom(b'{"a":1,"a":2}'),
        "escaped": custom(b'{"a":1,"\\u0061":2}'),
        "reason": boot(reason=b'"PowerUp","reason":"PowerUp"'),
        "nested": boot(vendor_name=b'"v","model":"n"'),
        "in data": transfer(b'[[{"":0,"":0}]]'),
        "three times": custom(b'{"a":1,"a":1,"a":1}'),
        "deep": custom(b'{"a":{"a":{"b":1,"b":2}}}'),
        "status": status(evse_id=b'1,"evseId":2'),
    }
    for name, data in payloads.items():
        yield Hostile(f"A34 {name}", data, ("a", FORMAT))
    yield Hostile("A34 in an error", b'[4,"x","GenericError","",{"a":1,"a":2}]', SILENT)


# A35, A36

LARGE = {
    "4301 digits": b"1" * 4301,
    "5000 digits": b"9" * 5000,
    "100000 digits": b"9" * 100_000,
    "1e400": b"1e400",
    "-1e400": b"-1e400",
    "1e999999999999": b"1e999999999999",
}
ODD = {
    "2^63": b"9223372036854775808",
    "2^64": b"18446744073709551616",
    "10^40": b"1" + b"0" * 40,
    "1e308": b"1e308",
    "60 digits of a fraction": b"0." + b"1" * 60,
    "5000 digits of a fraction": b"0." + b"1" * 5000,
    "1E-400": b"1E-400",
    "2^53+1": b"9007199254740993",
    "-0": b"-0",
    "-0.0": b"-0.0",
}
NO_NUMBERS = (
    *(b"NaN", b"Infinity", b"-Infinity", b"nan", b"inf", b"+1", b"01", b"-01", b"1.", b".5", b"-.5", b"0x1F", b"1e"),
    *(
        b"1e+",
        b"--1",
        b"1_000",
        b"1;5",
        b"1 000",
        "\u0661".encode(),
        "\uff11".encode(),
        b"undefined",
        b"None",
        b"True",
        b"nul",
    ),
)


def numbers() -> Frames:
    for name, number in LARGE.items():
        yield Hostile(f"A35 {name} in customData", custom(number), ("a", PROPERTY))
        yield Hostile(f"A35 {name} in data", transfer(number), ("a", PROPERTY))
        yield Hostile(f"A35 {name} as evseId", status(number), ("a", PROPERTY))
    for name, number in (LARGE | ODD).items():
        is_integer = number.lstrip(b"-").isdigit()
        expected = SILENT if is_integer else UNREADABLE
        yield Hostile(f"A35 {name} as type", b'[%s,"a","Heartbeat",{}]' % number, expected)
        yield Hostile(f"A35 {name} as id", b'[2,%s,"Heartbeat",{}]' % number, UNREADABLE)
        yield Hostile(f"A35 {name} as action", b'[2,"a",%s,{}]' % number, ("a", RPC))
        yield Hostile(f"A35 {name} as payload", heartbeat(number), ("a", PROPERTY if name in LARGE else TYPE))
        yield Hostile(f"A35 {name} as frame", number, UNREADABLE)
    for name, number in ODD.items():
        yield Hostile(f"A35 {name} in customData", custom(number), SERVED)
        yield Hostile(f"A35 {name} in data", transfer(b"[%s]" % number), SERVED)
    for number in NO_NUMBERS:
        name = f"A36 {number.decode('utf-8')}"
        yield Hostile(f"{name} in customData", custom(number), UNREADABLE)
        yield Hostile(f"{name} in data", transfer(number), UNREADABLE)
        yield Hostile(f"{name} as type", b'[%s,"a","Heartbeat",{}]' % number, UNREADABLE)
        yield Hostile(f"{name} as id", b'[2,%s,"Heartbeat",{}]' % number, UNREADABLE)
        yield Hostile(f"{name} as payload", heartbeat(number), UNREADABLE)


# A37

NAMES = (
    *("__proto__", "constructor", "toString", "__class__", "__dict__", "__init__", "self", "class", "None", "import"),
    *("", " ", "CustomData", "customdata", "custom_data", "$ref", "a.b", "../..", "x" * 10_000, "\x00", "é", "🔌"),
)


def names() -> Frames:
    for name in NAMES:
        yield Hostile(f"A37 {name[:20]!a}", heartbeat(b"{%s:1}" % text(name)), ("a", FORMAT))
        yield Hostile(f"A37 {name[:20]!a} in customData", custom(b"{%s:1}" % text(name)), SERVED)
    for value in (b"1", b"[]", b'"v"', b"null", b"true"):
        yield Hostile(f"A37 customData is {value.decode()}", heartbeat(b'{"customData":%s}' % value), ("a", TYPE))
    yield Hostile("A37 customData without vendorId", heartbeat(b'{"customData":{}}'), ("a", OCCURRENCE))
    yield Hostile("A37 null as a member", boot(vendor_name=b"null"), ("a", TYPE))


# A38

NO_UTF8 = (b"\xff", b"\xc0\x80", b"\xe2\x82", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\x80", b"\xf8\x88\x80\x80\x80")
HALVES = (b"\\ud800", b"\\udc00", b"\\udc00\\ud800", b"\\ud800x", b"\\ud800\\u0041")
RAW_CONTROLS = (b"\x00", b"\t", b"\n", b"\r", b"\x1f", b"\x1b[31m")
BAD_ESCAPES = (b"\\x41", b"\\u12", b"\\uD8", b"\\", b"\\'", b"\\u{41}", b"\\U00000041")
ODD_TEXT = (
    "\\u0000",
    "\x7f",
    "\u2028",
    "\u202e",
    "\ufeff",
    "\ufffe",
    "\\ud83d\\udd0c",
    "🔌",
    "é",
    "e\u0301",
    "\\u007F",
)


def unicode() -> Frames:
    for junk in NO_UTF8:
        for place, data in places(junk):
            yield Hostile(f"A38 {junk!r} {place}", data, CLOSED)
    for junk in HALVES:
        yield Hostile(f"A38 {junk!r} in the id", b'[2,"%s","Heartbeat",{}]' % junk, UNREADABLE)
        yield Hostile(f"A38 {junk!r} as name", heartbeat(b'{"%s":1}' % junk), ("a", FORMAT))
        yield Hostile(f"A38 {junk!r} in a string", boot(b'"%s"' % junk), ("a", FORMAT))
        yield Hostile(f"A38 {junk!r} in customData", custom(b'"%s"' % junk), ("a", FORMAT))
        yield Hostile(f"A38 {junk!r} in data", transfer(b'["%s"]' % junk), ("a", FORMAT))
    for junk in RAW_CONTROLS + BAD_ESCAPES:
        for place, data in places(junk):
            yield Hostile(f"A38 {junk!r} {place}", data, UNREADABLE)
    for odd in ODD_TEXT:
        yield Hostile(f"A38 {odd!a} in the id", f'[2,"{odd}","Heartbeat",{{}}]', SERVED)
        yield Hostile(f"A38 {odd!a} as action", f'[2,"a","{odd}",{{}}]', ("a", UNKNOWN))
        yield Hostile(f"A38 {odd!a} in a string", boot(f'"{odd}"'.encode()), SERVED)
    for encoding in ("utf-16", "utf-32", "utf-16-be"):
        encoded = heartbeat(b"{}").decode().encode(encoding)
        yield Hostile(f"A38 in {encoding}", encoded, CLOSED if encoded[0] == 0xFF else UNREADABLE)
    yield Hostile("A38 with a BOM", "\ufeff".encode() + heartbeat(b"{}"), UNREADABLE)
    yield Hostile("A38 with a NUL behind", heartbeat(b"{}") + b"\x00", UNREADABLE)
    yield Hostile("A38 half a pair in a str", '[2,"a","Heartbeat",{"\ud800":1}]', UNREADABLE)


def places(junk: bytes) -> Iterator[tuple[str, bytes]]:
    yield "in the id", b'[2,"%s","Heartbeat",{}]' % junk
    yield "as action", b'[2,"a","%s",{}]' % junk
    yield "as name", heartbeat(b'{"%s":1}' % junk)
    yield "in a string", boot(b'"%s"' % junk)
    yield "in customData", custom(b'"%s"' % junk)


# A39, A40, A46

LOG_TEXTS = {
    "line": "x\r\n2026-01-17 ERROR root: hacked",
    "colour": "\x1b[31mred\x1b[0m",
    "format": "%s%s%n {0} {x!r} ${jndi:ldap://x}",
    "nul": "a\x00b",
    "json": '{"level":"error"}',
    "quote": "`'\"\\",
    "bidi": "\u202eright to left\u2028",
    "emoji": "🔌" * 50,
    "long": "x" * 200_000,
}
FOREIGN = (
    *("'; DROP TABLE x;--", '" OR ""="', "<script>alert(1)</script>", "=cmd|' /C calc'!A0", "{{7*7}}", "${7*7}"),
    *("../../etc/passwd", "%00", "%2e%2e%2f", '{"$gt":""}', "\\\\server\\share", "a;id", "`id`", "$(id)", "\x08"),
)


def logs() -> Frames:
    for name, value in LOG_TEXTS.items():
        code = UNKNOWN if len(value) <= MAX_ACTION else RPC
        yield Hostile(f"A39 {name} as action", b'[2,"a",%s,{}]' % text(value), ("a", code))
        yield Hostile(f"A39 {name} as frame", value.encode(), UNREADABLE)
        yield Hostile(f"A39 {name} as name", heartbeat(b"{%s:1}" % text(value)), ("a", FORMAT))
        yield Hostile(f"A39 {name} in a send", b"[6,%s,%s,{}]" % (text(value), text(value)), SILENT)
        yield Hostile(f"A39 {name} in an error", b'[4,"x",%s,%s,{}]' % (text(value), text(value)), SILENT)
        yield Hostile(f"A46 {name} as value of an enumeration", boot(reason=text(value)), ("a", PROPERTY))
        yield Hostile(f"A46 {name} as time", status(timestamp=text(value)), ("a", FORMAT))
        yield Hostile(f"A46 {name} as number", status(evse_id=text(value)), ("a", TYPE))
    for depth in (1, 2, 5):
        path = b'{"a~/b":' * depth + b"NaN" + b"}" * depth
        yield Hostile(f"A46 {depth} odd steps to the place", custom(path), UNREADABLE)
    for value in FOREIGN:
        yield Hostile(f"A40 {value!a}", boot(text(value)), SERVED)


# A41

NO_TIMES = (
    *("1000000", "", "2026-01-17", "08:00:00Z", "2026-01-17T08:00:00", "2026-01-17 08:00:00Z", "0000-01-01T00:00:00Z"),
    *("10000-01-01T00:00:00Z", "2026-00-17T08:00:00Z", "2026-13-17T08:00:00Z", "2026-02-30T08:00:00Z"),
    *("2026-01-17T24:00:00Z", "2026-01-17T08:60:00Z", "2026-01-17T08:00:60Z", "2026-01-17T08:00:00+24:00"),
    *("2026-01-17T08:00:00+02", "2026-01-17T08:00:00+0200", "2026-01-17T08:00:00Z\n", "2026-01-17T08:00:00.Z"),
    *("٢٠٢٦-01-17T08:00:00Z", " 2026-01-17T08:00:00Z", "2026-W03-6T08:00:00Z", "now", "-2026-01-17T08:00:00Z"),
)
TIMES = (
    *("2026-01-17T08:00:00.1234567890123Z", "2026-01-17t08:00:00z", "0001-01-01T00:00:00+23:59"),
    *("2026-01-17T08:00:00-00:00", "9999-12-31T23:59:59-23:59", "2016-12-31T23:59:60Z", "2026-01-17T08:00:00+23:59"),
)


def times() -> Frames:
    for value in NO_TIMES:
        yield Hostile(f"A41 {value!a}", status(timestamp=text(value)), ("a", FORMAT))
    for value in TIMES:
        yield Hostile(f"A41 {value!a}", status(timestamp=text(value)), SERVED)
    for number in (b"0", b"1768636800", b"1e400", b"null", b"{}"):
        code = PROPERTY if number == b"1e400" else TYPE
        yield Hostile(f"A41 {number.decode()}", status(timestamp=number), ("a", code))


# A42, A43

#: One of each kind of JSON value that is none of: an integer, a string, an object.
VALUES = (b"null", b"true", b"false", b"[]", b"1.5", b"-1", b"{}", b'""', b'"x"', b"7")


ACTIONS = (
    *("", "../../x", "A\x00", "__init__", "on_heartbeat", "HeartbeatRequest", "heartbeat", " Heartbeat", "x" * 64),
    *("NotifyPeriodicEventStreamRequest", "StartTransaction", "MeterValue"),
)
BROKEN = (
    *(b'[,2,"a","Heartbeat",{}]', b'[2,,"a","Heartbeat",{}]', b'[2,"a",,"Heartbeat",{}]', b'[2,"a","Heartbeat",,{}]'),
    *(b'[2,"a","Heartbeat",{},]', b'[2 "a","Heartbeat",{}]', b'[2,"a" "Heartbeat",{}]', b'[2,"a","Heartbeat" {}]'),
    *(b"[2,'a','Heartbeat',{}]", b'[2,a,"Heartbeat",{}]', b'[2,"a",Heartbeat,{}]', b'[2,"a","Heartbeat",{]'),
    *(b'[2,"a","Heartbeat",}]', b'[2,"a","Heartbeat",{"x"}]', b'[2,"a","Heartbeat",{"x":}]'),
    *(b'[2,"a","Heartbeat",{,}]', b'[2,"a","Heartbeat",{"customData":{"vendorId":"v",}}]', b'[2:"a","Heartbeat",{}]'),
    *(b'(2,"a","Heartbeat",{})', b'{"0":2,"1":"a","2":"Heartbeat","3":{}}', b'[[2,"a","Heartbeat",{}]]'),
    *(b'"[2,\\"a\\",\\"Heartbeat\\",{}]"', b"GET / HTTP/1.1\r\n\r\n", b"<soap:Envelope/>", b"\x16\x03\x01"),
    *(b"SSH-2.0-x", b"---\n- 2\n", b"[7,", b"[2,"),
)


def envelopes() -> Frames:
    for value in VALUES:
        name = value.decode()
        yield Hostile(f"A42 {name} as frame", value, UNREADABLE)
        as_type = SILENT if value in (b"-1", b"7") else UNREADABLE
        yield Hostile(f"A42 [{name}]", b"[%s]" % value, as_type)
        yield Hostile(f"A42 {name} as type", b'[%s,"a","Heartbeat",{}]' % value, as_type)
        expected = ("x", RPC) if value == b'"x"' else UNREADABLE
        yield Hostile(f"A42 {name} in place of the id", b"[2,%s]" % value, expected)
        if value[:1] != b'"':
            yield Hostile(f"A42 {name} as action", b'[2,"a",%s,{}]' % value, ("a", RPC))
        if value not in (b"null", b"{}"):
            yield Hostile(f"A42 {name} as payload", heartbeat(value), ("a", TYPE))
        yield Hostile(f"A42 {name} behind the payload", b'[2,"a","Heartbeat",{},%s]' % value, ("a", RPC))
        yield Hostile(f"A42 {name} in a send", b'[6,"a","NotifyPeriodicEventStream",%s]' % value, SILENT)
        yield Hostile(f"A42 {name} as id of a send", b'[6,%s,"NotifyPeriodicEventStream",{}]' % value, SILENT)
        yield Hostile(f"A42 {name} as id of an answer", b"[3,%s,{}]" % value, SILENT)
        yield Hostile(f"A42 {name} as answer", b'[3,"x",%s]' % value, SILENT)
        yield Hostile(f"A42 {name} as code", b'[4,"x",%s,"",{}]' % value, SILENT)
        yield Hostile(f"A42 {name} as description", b'[5,"x","GenericError",%s,{}]' % value, SILENT)
        yield Hostile(f"A42 {name} as details", b'[4,"x","GenericError","",%s]' % value, SILENT)
    for action in ACTIONS:
        yield Hostile(f"A42 {action!a} as action", b'[2,"a",%s,{}]' % text(action), ("a", UNKNOWN))
    for action in ("x" * 65, "x" * 1_000_000):
        yield Hostile(f"A42 an action of {len(action)}", b'[2,"a",%s,{}]' % text(action), ("a", RPC))
    for action in ("Reset", "GetVariables", "SetDisplayMessage"):
        yield Hostile(f"A42 {action} of the station", b'[2,"a",%s,{}]' % text(action), ("a", "NotSupported"))
    for number in (0, 1, 7, 8, 10, 22, 255, 256, 2**31, 2**32 + 2, 2**64 + 2):
        yield Hostile(f"A42 type {number}", b'[%d,"a","Heartbeat",{}]' % number, SILENT)
    for junk in (b",", b"]", b"}", b"x", b"[2]", b" {}", b"//", b"/* */", b"\x00"):
        yield Hostile(f"A42 {junk!r} behind the frame", heartbeat(b"{}") + junk, UNREADABLE)
        yield Hostile(f"A42 {junk!r} before the frame", junk + heartbeat(b"{}"), UNREADABLE)
    for broken in BROKEN:
        yield Hostile(f"A42 {broken[:40]!r}", broken, UNREADABLE)


def ids() -> Frames:
    too_long = [b'"%s"' % (b"x" * size) for size in (256, 1000, 1_000_000)]
    for value in (*VALUES[:8], b"7", b'["a"]', b'{"a":1}', *too_long):
        yield Hostile(f"A43 {value[:20].decode()} of {len(value)}", b'[2,%s,"Heartbeat",{}]' % value, UNREADABLE)
    for size in (37, 64, 255):
        yield Hostile(f"A43 {size} characters", b'[2,"%s","Heartbeat",{}]' % (b"x" * size), ("x" * size, RPC))
    yield Hostile("A43 the reserved id", b'[2,"-1","Heartbeat",{}]', UNREADABLE)
    for value in (" ", "x" * 36, "\x00", "🔌" * 36, "' OR 1", "-2", "null"):
        yield Hostile(f"A43 the id {value!a}", b'[2,%s,"Heartbeat",{}]' % text(value), SERVED)


# A44, A45, A48


def answers_nobody_asked_for() -> Frames:
    for message_id in (b'"x"', b'"-1"', b'""', b"1", b"null", b'"%s"' % (b"x" * 37), b'"alive"'):
        name = message_id[:10].decode()
        yield Hostile(f"A44 an answer {name}", b"[3,%s,{}]" % message_id, SILENT)
        yield Hostile(f"A44 no answer {name}", b"[3,%s,NaN]" % message_id, SILENT)
        for kind in (4, 5):
            yield Hostile(f"A45 {kind} {name}", b'[%d,%s,"GenericError","",{}]' % (kind, message_id), SILENT)
            yield Hostile(f"A45 {kind} {name}, cut off", b"[%d,%s" % (kind, message_id), SILENT)
            yield Hostile(f"A45 {kind} {name}, bare", b'[%d,%s,"RpcFrameworkError"]' % (kind, message_id), SILENT)


def out_of_range() -> Frames:
    for value in (b"-1", b"-2147483649", b"-1e300"):
        yield Hostile(f"A48 evseId {value.decode()}", status(value), ("a", PROPERTY))
    for value in (b"0", b"2147483647", b"1.0", b"1e2"):
        yield Hostile(f"A48 evseId {value.decode()}", status(value), SERVED)
    for value in (b"1.5", b'"1"', b"true", b"[1]", b"{}", b"null", b"1.0000000000000000001"):
        yield Hostile(f"A48 evseId {value.decode()}", status(value), ("a", TYPE))


FAMILIES = (
    *(sizes, nesting, crowds, doubles, numbers, names, unicode, logs, times, envelopes, ids),
    *(answers_nobody_asked_for, out_of_range),
)

CORPUS = [hostile for family in FAMILIES for hostile in family()]


# What the incumbent does not survive, or gets wrong

INCUMBENT = [
    # Its receive loop ends: the action is looked up in a dict, json recurses, int() has a limit of digits.
    Hostile("action {}", b'[2,"1",{},{}]', ("1", RPC)),
    Hostile("action []", b'[2,"1",[],{}]', ("1", RPC)),
    Hostile("100k arrays", b"[" * 100_000, UNREADABLE),
    Hostile("100k arrays, closed", b"[" * 100_000 + b"]" * 100_000, UNREADABLE),
    Hostile("100k arrays as first element", b"[" * 100_000 + b"]" * 100_000 + b',"1","Heartbeat",{}]', UNREADABLE),
    Hostile("100k arrays as payload", b'[2,"1","Heartbeat",' + b"[" * 100_000 + b"]" * 100_001, ("1", TYPE)),
    Hostile("100k objects in data", transfer(nested("objects", 100_000, closed=True)), ("a", FORMAT)),
    Hostile("5000 digits as payload", b'[2,"1","Heartbeat",%s]' % (b"1" * 5000), ("1", PROPERTY)),
    Hostile("5000 digits in a payload", custom(b"1" * 5000), ("a", PROPERTY)),
    Hostile("5000 digits as type", b'[%s,"1","Heartbeat",{}]' % (b"1" * 5000), SILENT),
    Hostile("5000 digits as frame", b"1" * 5000, UNREADABLE),
    Hostile("5000 digits as id", b'[2,%s,"Heartbeat",{}]' % (b"1" * 5000), UNREADABLE),
    # It echoes ids of any type.
    Hostile("id 1", b'[2,1,"Heartbeat",{}]', UNREADABLE),
    Hostile("id null", b'[2,null,"Heartbeat",{}]', UNREADABLE),
    Hostile("id []", b'[2,["a"],"Heartbeat",{}]', UNREADABLE),
    Hostile("id {}", b'[2,{"a":1},"Heartbeat",{}]', UNREADABLE),
    Hostile("id true", b'[2,true,"Heartbeat",{}]', UNREADABLE),
    Hostile("id empty", b'[2,"","Heartbeat",{}]', UNREADABLE),
    Hostile("id of 37", b'[2,"%s","Heartbeat",{}]' % (b"x" * 37), ("x" * 37, RPC)),
    Hostile("id of 100k", b'[2,"%s","Heartbeat",{}]' % (b"x" * 100_000), UNREADABLE),
    # It hands on what is no JSON.
    Hostile("NaN", b'[2,"1","DataTransfer",{"vendorId":"v","data":NaN}]', UNREADABLE),
    Hostile("Infinity", b'[2,"1","DataTransfer",{"vendorId":"v","data":-Infinity}]', UNREADABLE),
    Hostile("1e400", b'[2,"1","DataTransfer",{"vendorId":"v","data":1e400}]', ("1", PROPERTY)),
    Hostile("a lone surrogate", b'[2,"1","DataTransfer",{"vendorId":"\\ud800"}]', ("1", FORMAT)),
    Hostile("a lone surrogate as id", b'[2,"\\ud800","Heartbeat",{}]', UNREADABLE),
    Hostile("members twice", b'[2,"1","DataTransfer",{"vendorId":"v","vendorId":"w"}]', ("1", FORMAT)),
    Hostile("no date-time", b'[2,"1","SecurityEventNotification",{"type":"x","timestamp":"1000000"}]', ("1", FORMAT)),
    # It does not answer.
    Hostile("no JSON", b"x", UNREADABLE),
    Hostile("an object", b"{}", UNREADABLE),
    Hostile("an empty array", b"[]", UNREADABLE),
    Hostile("null", b"null", UNREADABLE),
    Hostile("type as string", b'["2","1","Heartbeat",{}]', UNREADABLE),
    Hostile("type true", b'[true,"1","Heartbeat",{}]', UNREADABLE),
    Hostile("type null", b'[null,"1","Heartbeat",{}]', UNREADABLE),
    Hostile("no payload", b'[2,"1","Heartbeat"]', ("1", RPC)),
    Hostile("no action", b'[2,"1"]', ("1", RPC)),
    Hostile("action null", b'[2,"1",null,{}]', ("1", RPC)),
    Hostile("action 5", b'[2,"1",5,{}]', ("1", RPC)),
    Hostile("an unknown action", b'[2,"1","Nope",{}]', ("1", UNKNOWN)),
    Hostile("a send", b'[6,"1","NotifyPeriodicEventStream",{"id":1}]', SILENT),
    Hostile("an answer nobody waits for", b'[3,"1",{}]', SILENT),
]


# A49: answers to our Authorize, whose id is q; with the code of the CALLRESULTERROR, or None when the call goes on

ANSWERS: list[tuple[str, bytes, str | None]] = [
    ("of another action", b'[3,"q",{"currentTime":"2026-01-17T08:00:00Z"}]', FORMAT),
    ("empty", b'[3,"q",{}]', OCCURRENCE),
    ("null", b'[3,"q",null]', OCCURRENCE),
    ("an array", b'[3,"q",[]]', TYPE),
    ("a string", b'[3,"q","Accepted"]', TYPE),
    ("missing", b'[3,"q"]', RPC),
    ("too many", b'[3,"q",{"idTokenInfo":{"status":"Accepted"}},{}]', RPC),
    ("with an action", b'[3,"q","Authorize",{"idTokenInfo":{"status":"Accepted"}}]', RPC),
    ("unknown value", b'[3,"q",{"idTokenInfo":{"status":"accepted"}}]', PROPERTY),
    ("with a member twice", b'[3,"q",{"idTokenInfo":{"status":"Accepted","status":"Blocked"}}]', FORMAT),
    ("no JSON", b'[3,"q",{"idTokenInfo":{"status":Accepted}}]', RPC),
    ("NaN", b'[3,"q",NaN]', RPC),
    ("half a pair", b'[3,"q",{"idTokenInfo":{"status":"\\ud800"}}]', FORMAT),
    ("deep", b'[3,"q",{"customData":{"vendorId":"v","x":%s}}]' % nested("arrays", 100_000, closed=True), FORMAT),
    ("with 100000 members", b'[3,"q",{%s}]' % b",".join(b'"%d":0' % number for number in range(100_000)), FORMAT),
    ("with a huge number", b'[3,"q",{"customData":{"vendorId":"v","x":%s}}]' % (b"9" * 5000), PROPERTY),
    ("cut off", b'[3,"q",{"idTokenInfo":{"status":"Accepted"}', None),
    ("under another id", b'[3,"Q",{"idTokenInfo":{"status":"Accepted"}}]', None),
    ("under a longer id", b'[3,"q ",{"idTokenInfo":{"status":"Accepted"}}]', None),
    ("under a number", b'[3,1,{"idTokenInfo":{"status":"Accepted"}}]', None),
    ("an error for nobody", b'[4,"-1","RpcFrameworkError","",{}]', None),
    ("an objection", b'[5,"q","GenericError","",{}]', None),
    ("our own call", b'[2,"q","Heartbeat",{}]', None),
    ("a send", b'[6,"q","NotifyPeriodicEventStream",{}]', None),
]
