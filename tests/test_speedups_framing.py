"""Frames: every rule by name, then the extension against its naive twin."""

from __future__ import annotations

import copy
import json
import pickle
import random
import sys
import time
import types
import weakref
from collections.abc import Iterator
from typing import Any

import naive_framing
import pytest

from ocpp21._speedups.framing import Frame, parse
from ocpp21.errors import ErrorCode, RemoteProtocolError

SEED = 20260117
ID36 = "0123456789abcdef0123456789abcdef0123"


def outcome(data: Any, **options: Any) -> tuple[Any, ...]:
    """Return what ``parse`` does in the form of ``naive_framing.outcome``, and check what all outcomes share."""
    try:
        frame = parse(data, **options)
    except RemoteProtocolError as error:
        check_description(error)
        return ("refused", str(error.code), error.message_id, error.message_type)
    parts = (frame.error_code, frame.error_description, frame.error_details)
    return ("frame", frame.message_type, frame.message_id, frame.action, content(frame), *parts)


def content(frame: Frame) -> bytes | None:
    return None if frame.payload is None else bytes(frame.payload)


def check_description(error: RemoteProtocolError) -> None:
    assert type(error) is RemoteProtocolError
    assert isinstance(error.code, ErrorCode)
    assert error.__context__ is None, "the error of the JSON parser holds the text of the peer"
    assert error.description.isascii() and error.description.isprintable()
    assert error.description.startswith("expected ") and ", found " in error.description
    assert len(error.description) <= 255


def refused(message_id: str, message_type: int | None, code: str = "RpcFrameworkError") -> tuple[Any, ...]:
    return ("refused", code, message_id, message_type)


def message(message_type: int, message_id: str, action: str | None, payload: bytes) -> tuple[Any, ...]:
    return ("frame", message_type, message_id, action, payload, None, None, None)


def failure(message_type: int, message_id: str, *parts: Any) -> tuple[Any, ...]:
    return ("frame", message_type, message_id, None, None, *parts)


# Named cases: text -> outcome

MESSAGES = {
    b'[2,"a","Heartbeat",{}]': message(2, "a", "Heartbeat", b"{}"),
    b'[2,"a","Heartbeat",null]': message(2, "a", "Heartbeat", b"{}"),
    b'[2,"a","heartbeat",{}]': message(2, "a", "heartbeat", b"{}"),
    b'[3,"a",{"currentTime":"2026-01-01T00:00:00Z"}]': message(3, "a", None, b'{"currentTime":"2026-01-01T00:00:00Z"}'),
    b'[3,"a",null]': message(3, "a", None, b"{}"),
    b'[6,"a","Nope",{}]': message(6, "a", "Nope", b"{}"),
    b'[2,"a","",{}]': message(2, "a", "", b"{}"),
    b' \t\r\n[ \t2\r,\n"a" , "b"\t,\r\n {"x": 1} \n] \t\r\n': message(2, "a", "b", b'{"x": 1}'),
    # The payload is not looked at.
    b'[2,"a","b",{},{}]': message(2, "a", "b", b"{},{}"),
    b'[2,"a","b",\xff]': message(2, "a", "b", b"\xff"),
    b'[2,"a","b",null ,]': message(2, "a", "b", b"null ,"),
    b'[2,"a","b",nulL]': message(2, "a", "b", b"nulL"),
    b'[2,"a","b",{}]]': message(2, "a", "b", b"{}]"),
    b'[3,"a",]]': message(3, "a", None, b"]"),
    # Ids and actions are any string of JSON.
    b'[2,"\\u0041\\n\\"\\\\\\/","\\u00e9",1]': message(2, 'A\n"\\/', "é", b"1"),
    b'[2,"\\u0000","a",1]': message(2, "\0", "a", b"1"),
    b'[2,"\\ud83d\\ude00\x7f","a]",1]': message(2, "😀\x7f", "a]", b"1"),
    '[2,"é€😀","ü",1]'.encode(): message(2, "é€😀", "ü", b"1"),
    f'[2,"{ID36}","b",1]'.encode(): message(2, ID36, "b", b"1"),
    f'[2,"{"😀" * 36}","b",1]'.encode(): message(2, "😀" * 36, "b", b"1"),
    f'[2,"{chr(92)}u0041{ID36[1:]}","b",1]'.encode(): message(2, f"A{ID36[1:]}", "b", b"1"),
    f'[2,"a","{"b" * 64}",1]'.encode(): message(2, "a", "b" * 64, b"1"),
}

ERRORS = {
    b'[4,"a","GenericError","text",{"x":[1,"y"]}]': failure(4, "a", "GenericError", "text", {"x": [1, "y"]}),
    b' [ 5 , "a" , "GenericError" , "" , { } ] ': failure(5, "a", "GenericError", "", {}),
    b'[4,"q","FormationViolation"]': failure(4, "q", "FormationViolation", "", {}),
    b'[4,"q","X","d"]': failure(4, "q", "X", "d", {}),
    b'[4,"q","X",null,null]': failure(4, "q", "X", "", {}),
    b'[4,"-1","","\\u00e9\\u0000",{}]': failure(4, "-1", "", "é\0", {}),
    b'[4,"a"]': refused("a", 4),
    b'[4,"a",null]': refused("a", 4),
    b'[4,"a",7,"",{}]': refused("a", 4),
    b'[4,"a","X",7,{}]': refused("a", 4),
    b'[4,"a","X",{}]': refused("a", 4),
    b'[5,"a","X","",[]]': refused("a", 5),
    b'[5,"a","X","","{}"]': refused("a", 5),
    b'[5,"a","X","",true]': refused("a", 5),
    b'[5,"a","X","",1.5]': refused("a", 5),
    b'[5,"a","X","",{},{}]': refused("a", 5),
    b"[4]": refused("-1", 4),
    b'[4,7,"X","",{}]': refused("-1", 4),
    b'[4,"","X","",{}]': refused("-1", 4),
    f'[4,"{ID36}x","X","",{{}}]'.encode(): refused(f"{ID36}x", 4),
    # They must be JSON to the last byte.
    b'[4,"a","X","",{}': refused("-1", 4),
    b'[4,"a","X","",{}]]': refused("-1", 4),
    b'[4,"a","X","",{},]': refused("-1", 4),
    b'[4,"a","X","",{"x":NaN}]': refused("-1", 4),
    b'[4,"a","X","",{"x":1e999}]': refused("-1", 4),
    b'[4,"a","X","",{"x":"\\ud800"}]': refused("-1", 4),
    b'[4,"a","X","\xff",{}]': refused("-1", 4),
    b'[4,"a","X","\n",{}]': refused("-1", 4),
}

NO_TYPE = [
    b"", b" ", b"\0", b"x", b"{}", b"[]", b"[ ]", b'"s"', b"1", b"null", b"[[2]]", b"[", b"[ ", b"[2", b"[-1", b"[99",
    b'["2","a","Heartbeat",{}]', b'[true,"a","Heartbeat",{}]', b'[null,"a"]', b'[{},"a"]', b'[,"a"]',
    b'[2.0,"a","b",{}]', b'[2e0,"a","b",{}]', b'[2E0,"a"]', b'[02,"a","b",{}]', b'[-02,"a"]', b'[+2,"a","b",{}]',
    b"[-]", b'[-,"a"]', b'[2x,"a"]', b'[2"a"]', b"[2:]", b'[2\0,"a"]', b'[2\x0b,"a"]', b'[\xa02,"a"]', b'[0x2,"a"]',
    b'\xef\xbb\xbf[2,"a","b",{}]', b'\xff\xfe[\x002\x00]\x00', b'\x0b[2,"a","b",{}]', b'[2,"a","b",{}]'[::-1],
]  # fmt: skip

UNSUPPORTED = {
    b'[7,"a","X",{}]': ("a", 7),
    b"[0]": ("-1", 0),
    b"[-0]": ("-1", 0),
    b'[-1,"a"]': ("a", -1),
    b'[99,"a"]': ("a", 99),
    b'[1,"a",': ("a", 1),
    b'[22,"a"': ("a", 22),
    b'[99 , "a" \xff garbage': ("a", 99),
    b'[99,"\\u0061",': ("a", 99),
    b'[99,"a': ("-1", 99),
    b'[99,"a\\"': ("-1", 99),
    b'[99,""]': ("-1", 99),
    b"[99,7]": ("-1", 99),
    b"[99,": ("-1", 99),
    b"[99 ": ("-1", 99),
    b'[99 "a"]': ("-1", 99),
    b'[99],"a"]': ("-1", 99),
    b'[99,"\xff"]': ("-1", 99),
    b'[99,"\\ud800"]': ("-1", 99),
    f'[99,"{ID36}"]'.encode(): (ID36, 99),
    f'[99,"{ID36}x"]'.encode(): ("-1", 99),
    b'[9223372036854775807,"a"]': ("a", 2**63 - 1),
    b'[9223372036854775808,"a"]': ("a", None),
    b'[-9223372036854775808,"a"]': ("a", -(2**63)),
    b'[-9223372036854775809,"a"]': ("a", None),
    b'[18446744073709551618,"a"]': ("a", None),
}

BAD_IDS = [
    b"[2]", b"[2 ", b"[3]", b"[6]", b"[2,]", b"[2,,]", b"[2 :]", b'[2],"a"]', b'[2 7,"a"]',
    b'[2,7,"Heartbeat",{}]', b'[2,null,"Heartbeat",{}]', b'[2,["a"],"Heartbeat",{}]', b'[2,{},"Heartbeat",{}]',
    b'[2,"","Heartbeat",{}]', b'[2,"a]', b'[2,"a\\"]', b'[2,"a\\]', b'[2,"]', b"[2,'a','b',{}]",
    b'[2,"a\nb","b",{}]', b'[2,"a\0b","b",{}]', b'[2,"\x1f","b",{}]',  # control characters
    b'[2,"\\x","b",{}]', b'[2,"\\u12g4","b",{}]', b'[2,"\\u12","b",{}]', b'[2,"\\U0041","b",{}]',  # escapes
    b'[2,"\\ud800","b",{}]', b'[2,"\\udc00","b",{}]', b'[2,"\\ud800\\ud800","b",{}]', b'[2,"\\udc00\\ud800","b",{}]',
    b'[2,"\\ud800\\n","b",{}]', b'[2,"\\ud800x","b",{}]',  # lone surrogates
    b'[2,"\x80","b",{}]', b'[2,"\xff","b",{}]', b'[2,"\xc3","b",{}]', b'[2,"\xe2\x82","b",{}]',  # cut or stray
    b'[2,"\xc0\x80","b",{}]', b'[2,"\xc1\xbf","b",{}]', b'[2,"\xe0\x80\xaf","b",{}]', b'[2,"\xf0\x80\x80\xaf","b",{}]',
    b'[2,"\xed\xa0\x80","b",{}]', b'[2,"\xed\xb0\x80","b",{}]', b'[2,"\xed\xa0\xbd\xed\xb8\x80","b",{}]',  # surrogates
    b'[2,"\xf4\x90\x80\x80","b",{}]', b'[2,"\xf8\x88\x80\x80\x80","b",{}]',  # beyond Unicode
    b'[2,"a","b",{}', b'[2,"a","b",{}]x', b'[2,"a","b",{}]\0', b'[2,"a","b",{}]\x0b', b'[2,"a"',  # no end
]  # fmt: skip

BAD_SHAPES = {
    # Another shape (row 13): the id is given back.
    b'[2,"a"]': "a",
    b'[6,"a" ]': "a",
    b'[3,"a"]': "a",
    b'[2,"a","Heartbeat"]': "a",
    b'[2,"a","Heartbeat" ]': "a",
    b'[2,"a",{},{}]': "a",
    b'[2,"a",null,{}]': "a",
    b'[2,"a",["b"],{}]': "a",
    b'[2,"a",-1,{}]': "a",
    b'[2,"a",7,{}]': "a",
    b'[2,"a",true,{}]': "a",
    b'[2,"a",false]': "a",
    b'[2,"a",{}]': "a",
    f'[2,"a","{"b" * 65}",{{}}]'.encode(): "a",
    f'[2,"a","{"b" * 100_000}",{{}}]'.encode(): "a",
    # Seen to be no JSON (row 5): it is not.
    b'[2,"a",]': "-1",
    b'[2,"a","b",]': "-1",
    b'[2,"a","b", ]': "-1",
    b'[3,"a",]': "-1",
    b'[2,"a",,{}]': "-1",
    b'[2,"a",x,{}]': "-1",
    b'[2,"a","\xff",{}]': "-1",
    b'[2,"a","\\x",{}]': "-1",
    b'[2,"a","b]': "-1",
    b'[2,"a" "b",{}]': "-1",
    b'[2,"a"],"b",{}]': "-1",
    b'[2,"a","b"{}]': "-1",
    b'[2,"a","b":{}]': "-1",
    b'[3,"a"{}]': "-1",
    # Too long (row 11): given back up to 255 characters.
    f'[2,"{ID36}x","Heartbeat",{{}}]'.encode(): f"{ID36}x",
    f'[2,"{"😀" * 37}","Heartbeat",{{}}]'.encode(): "😀" * 37,
    f'[2,"{"a" * 255}","Heartbeat",{{}}]'.encode(): "a" * 255,
    f'[2,"{"a" * 256}","Heartbeat",{{}}]'.encode(): "-1",
    f'[2,"{ID36}x","Heartbeat",{{}}'.encode(): "-1",
}

CASES: dict[bytes, tuple[Any, ...]] = {
    **MESSAGES,
    **ERRORS,
    **{text: refused("-1", None) for text in NO_TYPE},
    **{text: refused(*answer, "MessageTypeNotSupported") for text, answer in UNSUPPORTED.items()},
    **{text: refused("-1", int(text[1:2])) for text in BAD_IDS},
    **{text: refused(answer, int(text[1:2])) for text, answer in BAD_SHAPES.items()},
}


@pytest.mark.parametrize(("text", "expected"), CASES.items(), ids=[repr(text[:40]) for text in CASES])
def test_case(text: bytes, expected: tuple[Any, ...]) -> None:
    assert outcome(text) == expected
    assert naive_framing.outcome(text) == expected
    for form in (bytearray(text), memoryview(text), memoryview(b"x" + text)[1:]):
        assert outcome(form) == expected
    try:
        decoded = text.decode()
    except UnicodeDecodeError:
        return
    assert outcome(decoded) == expected


# The extension against its twin


def test_twins_agree_on_every_prefix_of_every_case() -> None:
    for text in CASES:
        for end in range(min(len(text), 300)):
            compare(text[:end])


def test_twins_agree_on_generated_and_mutated_frames() -> None:
    print(f"seed {SEED}")
    chance = random.Random(SEED)
    accepted = 0
    for _ in range(25_000):
        text = generated(chance)
        for _ in range(chance.choice((0, 0, 0, 1, 1, 2, 5))):
            text = mutated(chance, text)
        accepted += compare(text)
    assert 5_000 < accepted < 20_000, "a one-sided mix proves little"


def test_twins_agree_on_every_byte_at_every_place() -> None:
    for text in (b'[2,"a\\n\xc3\xa9","b",null]', b'[3, "\\ud83d\\ude00",{}]', b'[4,"a","b","",{}]', b'[12,"a"]'):
        for place in range(len(text)):
            for byte in range(256):
                compare(text[:place] + bytes([byte]) + text[place + 1 :])


def test_twins_agree_on_str() -> None:
    for text in ('[2,"\ud800","b",{}]', '\ufeff[2,"a","b",{}]', '[3,"é",{"x":"😀"}]', '[2,"a","b",\udfff]', ""):
        assert outcome(text) == naive_framing.outcome(text), repr(text)


def compare(text: bytes) -> bool:
    expected = naive_framing.outcome(text)
    assert outcome(text) == expected, text
    return bool(expected[0] == "frame")


def generated(chance: random.Random) -> bytes:
    message_type = chance.choice((2, 2, 2, 2, 2, 3, 3, 3, 4, 4, 5, 5, 6, 6, 0, 7, -1, 10**19))
    elements = [str(message_type), string(chance, 40)]
    if message_type in (4, 5):
        elements += [string(chance, 20), string(chance, 60), payload(chance)][: chance.choice((1, 2, 3, 3, 3))]
    elif message_type == 3:
        elements += [payload(chance)]
    else:
        elements += [string(chance, 70), payload(chance)]
    if chance.random() < 0.1:
        chance.shuffle(elements)
    if chance.random() < 0.1:
        elements.pop(chance.randrange(len(elements)))
    space = [chance.choice(("", "", "", " ", "\t\r\n ")) for _ in range(2 * len(elements) + 2)]
    padded = ",".join(space[2 * i] + element + space[2 * i + 1] for i, element in enumerate(elements))
    return f"{space[-1]}[{padded}]{space[-2]}".encode("utf-8", "surrogatepass")


def string(chance: random.Random, longest: int) -> str:
    alphabets = ("abcXYZ019-", 'a\\"/\n\0\x1f\x7f', "aé€😀\uffff", "a\ud800\udc00b")
    alphabet = chance.choices(alphabets, weights=(6, 2, 2, 1))[0]
    text = "".join(chance.choices(alphabet, k=int(longest * chance.random() ** 2) + (chance.random() < 0.98)))
    return json.dumps(text, ensure_ascii=chance.random() < 0.8)


def payload(chance: random.Random) -> str:
    nesting = chance.choice((1, 3, 40, 1020, 1030))
    return chance.choice(
        (
            "{}",
            "null",
            '{"a":[1,2.5,-3e4,true,null],"b":{"c":"]"}}',
            '{"n":[18446744073709551615,18446744073709551616,-9223372036854775808,-9223372036854775809,1e400,0.1]}',
            f'{{"x":{"[" * nesting}{"]" * nesting}}}',
            "[" * nesting,
            f'{{"s":{string(chance, 30)}}}',
        )
    )


def mutated(chance: random.Random, text: bytes) -> bytes:
    at = chance.choice((chance.randrange(len(text) + 1), chance.randrange(min(len(text), 12) + 1), len(text)))
    to = min(len(text), at + chance.choice((0, 1, 1, 2, 8)))
    snippet = chance.choice(
        (b"", b"", b" ", b",", b"]", b"[", b'"', b"\\", b"\\u00", b"\\ud83d", b"\0", b"\x0b", b"null", b"2", b"-",
         b"0", b"\xc3", b"\x80", b"\xed\xa0\x80", b"\xef\xbb\xbf", bytes([chance.randrange(256)]), text[to : to + 9],
         b"[" * 200)
    )  # fmt: skip
    return text[:at] if chance.random() < 0.1 else text[:at] + snippet + text[to:]


# Limits, types, lifetimes


def test_size_limit_counts_bytes() -> None:
    text = '[3,"a",{"x":"é"}]'
    size = len(text.encode())
    for data in (text, text.encode(), bytearray(text.encode())):
        assert outcome(data, max_size=size)[0] == "frame"
        assert outcome(data, max_size=size - 1) == refused("-1", None)
        with pytest.raises(RemoteProtocolError, match=f"^expected at most {size - 1} bytes, found {size}$"):
            parse(data, max_size=size - 1)
    large = b'[3,"a",' + b" " * 1048576 + b"{}]"
    assert outcome(large) == refused("-1", None)
    for unlimited in (None, 1 << 100):
        assert outcome(large, max_size=unlimited) == message(3, "a", None, b"{}")
    assert outcome(b"", max_size=-1) == refused("-1", None)


OTHER_TYPES = {
    "None": None,
    "int": 1,
    "list": ["x"],
    "object": object(),
    "strided": memoryview(b"[2]x")[::2],
    "integers": memoryview(b"[2] " * 4).cast("i"),
    "two dimensions": memoryview(b"[2] ").cast("B", (2, 2)),
}


@pytest.mark.parametrize("data", OTHER_TYPES.values(), ids=OTHER_TYPES)
def test_other_types_are_type_errors(data: Any) -> None:
    with pytest.raises(TypeError):
        parse(data)


def test_options_are_checked() -> None:
    with pytest.raises(TypeError):
        parse(b"", max_size="1")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        parse(b"", 1)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        parse(data=b"")  # type: ignore[call-arg]


def test_frame_is_a_read_only_value_that_only_parse_makes() -> None:
    frame = parse(b'[2,"a","b",{}]')
    for name in ("message_type", "message_id", "action", "payload", "error_code", "error_description", "error_details"):
        with pytest.raises(AttributeError):
            setattr(frame, name, None)
    for make in (lambda: Frame(), lambda: copy.copy(frame), lambda: pickle.dumps(frame)):
        with pytest.raises(TypeError):
            make()
    assert frame == frame and frame != parse(b'[2,"a","b",{}]')
    assert len({frame, frame}) == 1
    with pytest.raises(TypeError):
        types.new_class("Sub", (Frame,))
    blank = Frame.__new__(Frame)
    assert blank.payload is None and "None" in repr(blank)


def test_repr_is_short_and_hides_the_payload() -> None:
    frame = parse('[2,"é\\n","Heartbeat",{"secret":1}]')
    assert repr(frame) == "<Frame CALL message_id='\\xe9\\n' action='Heartbeat' payload=12 bytes>"
    assert repr(parse(b'[3,"a",null]')) == "<Frame CALLRESULT message_id='a' payload=2 bytes>"
    frame = parse(json.dumps([4, "a", "X" * 999, "secret", {"secret": 1}]))
    assert repr(frame) == f"<Frame CALLERROR message_id='a' error_code='{'X' * 64}'>"


def test_descriptions_escape_and_shorten_what_the_peer_sent() -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        parse(b"\x1b[31m\xff" + b"x" * 1000)
    assert caught.value.description == r"expected a JSON array, found '\x1b[31m\xffxxxxxxxxxxxxxx'..."
    with pytest.raises(RemoteProtocolError) as caught:
        parse(b"")
    assert caught.value.description == "expected a JSON array, found nothing"
    with pytest.raises(RemoteProtocolError) as caught:
        parse(b'[2,"a","b",{"abcdefghijklmnopqrstuvwxyz":1}')
    assert caught.value.description.endswith(", found 'klmnopqrstuvwxyz\":1}'")


def test_payload_is_a_read_only_view_into_the_buffer() -> None:
    data = bytearray(b'[2,"a","b", {"x":1} ]')
    frame = parse(data)
    view = frame.payload
    assert view is not None and view.readonly and view.contiguous and view.format == "B"
    data[14:15] = b"X"
    assert bytes(view) == content(frame) == b'{"X":1}'
    assert content(parse('[3,"é",{"x":"ü"}]')) == '{"x":"ü"}'.encode()
    with pytest.raises(BufferError):
        memoryview(parse(b'[4,"a","X"]'))  # type: ignore[arg-type]


def test_bytearray_is_locked_while_a_frame_or_a_view_lives() -> None:
    data = bytearray(b'[2,"a","b",{}]')
    frame = parse(data)
    with pytest.raises(BufferError):
        data.clear()
    view = frame.payload
    del frame
    with pytest.raises(BufferError):
        data.append(0)
    assert view is not None and bytes(view) == b"{}"
    del view
    data.clear()


@pytest.mark.parametrize("text", [b"x", b'[4,"a","X"]', b'[2,"a"]', b'[4,"a"]', b"[9]", b'[2,"a","b",null]'], ids=repr)
def test_nothing_stays_locked_after_frame_or_refusal(text: bytes) -> None:
    data = bytearray(text)
    outcome(data)
    data.clear()


def test_memoryview_is_locked_while_a_frame_lives() -> None:
    view = memoryview(b'[2,"a","b",{}]')
    frame = parse(view)
    with pytest.raises(BufferError):
        view.release()
    del frame
    view.release()
    with pytest.raises(ValueError, match="released"):
        parse(view)


@pytest.mark.parametrize("kind", [bytes, bytearray, str])
def test_views_keep_the_buffer_alive(kind: type) -> None:
    class Owner:
        """What dies with the buffer."""

    text = '[2,"a","b",{"x":1}]'
    data = type("Buffer", (kind,), {})(text if kind is str else text.encode())
    data.owner = Owner()
    watch = weakref.ref(data.owner)
    view = parse(data).payload
    del data
    assert watch() is not None and view is not None and bytes(view) == b'{"x":1}'
    del view
    assert watch() is None


def test_nothing_leaks() -> None:
    def counts() -> tuple[int, int]:
        return sys.getrefcount(None), sys.getallocatedblocks()

    def run() -> None:
        for text in CASES:
            outcome(text)
            outcome(bytearray(text))

    run()
    before = counts()
    for _ in range(10):
        run()
    grown = [after - start for start, after in zip(before, counts(), strict=True)]
    assert max(grown) < 100, "ten rounds of some hundred frames leave nothing behind"


def hostile() -> Iterator[tuple[str, bytes, tuple[Any, ...]]]:
    mega = b"a" * 10_000_000
    deep = b"[" * 100_000
    yield "id", b'[2,"' + mega + b'","b",{}]', refused("-1", 2)
    yield "id without end", b'[2,"' + mega + b"]", refused("-1", 2)
    yield "id of escapes", b'[2,"' + b"\\\\" * 5_000_000 + b'","b",{}]', refused("-1", 2)
    yield "id beyond ASCII", b'[2,"' + b"\xc3\xa9" * 5_000_000 + b'","b",{}]', refused("-1", 2)
    yield "id of an error", b'[4,"' + mega + b'","X"]', refused("-1", 4)
    yield "action", b'[2,"a","' + mega + b'",{}]', refused("a", 2)
    yield "type", b"[" + b"9" * 1_000_000 + b',"a"]', refused("a", None, "MessageTypeNotSupported")
    yield "negative type", b"[-" + b"9" * 1_000_000 + b"]", refused("-1", None, "MessageTypeNotSupported")
    yield "type without end", b"[" + b"9" * 1_000_000, refused("-1", None)
    yield "arrays", deep, refused("-1", None)
    yield "array as id", b"[2," + deep + b"]" * 100_001, refused("-1", 2)
    yield "array as payload", b'[3,"a",' + deep + b"]", message(3, "a", None, deep)
    yield "array as details", b'[4,"a","X","",' + deep + b"]" * 100_001, refused("-1", 4)
    yield "objects as details", b'[4,"a","X","",' + b'{"a":' * 100_000 + b"}" * 100_000 + b"]", refused("-1", 4)
    yield "whitespace", b" " * 10_000_000, refused("-1", None)
    yield "whitespace in front", b" " * 10_000_000 + b'[3,"a",{}]', message(3, "a", None, b"{}")
    yield "whitespace behind", b'[3,"a",{}' + b"\n" * 10_000_000 + b"]", message(3, "a", None, b"{}")
    yield "quotes", b'[2,"a","b' + b'"' * 10_000_000, refused("-1", 2)


def test_hostile_frames_take_bounded_time() -> None:
    for name, text, expected in hostile():
        start = time.perf_counter()
        found = outcome(text, max_size=None)
        duration = time.perf_counter() - start
        assert found == expected, name
        assert duration < 1, name


def test_time_does_not_grow_with_the_payload() -> None:
    def best(data: bytes) -> float:
        times = []
        for _ in range(400):
            start = time.perf_counter()
            parse(data)
            times.append(time.perf_counter() - start)
        return min(times)

    # A scan of the payload would take a hundred times as long; the margin is for the clock.
    assert best(b'[3,"a",[' + b"1," * 500_000 + b"1]]") < 5 * best(b'[3,"a",[1]]') + 2e-6
