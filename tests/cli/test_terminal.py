"""Nothing that a peer sends may steer the terminal."""

import io
import json

import pytest
from rich.console import Console

from ocpp21.cli.terminal import complain, json_line, painter, printable

HOSTILE = "\x00\x1b[2J\x07\r\n\x7f\x80\x9b31m\u200e\u202e\u2028\ud800é語😀"


@pytest.mark.parametrize("text", ["", "abc/é 語😀.jsonl"])
def test_printable_leaves_text_alone(text):
    assert printable(text) is text


def test_printable_escapes_what_is_none():
    assert printable("a\x1b[2J\x9b\n\u202eé\ud800\U000e0001") == r"a\x1b[2J\x9b\n\u202eé\ud800\U000e0001"


@pytest.mark.parametrize("code", range(0x250))
def test_no_control_survives(code):
    for text in (printable(chr(code)), json_line(chr(code))):
        assert text.isprintable()


def test_json_line_is_ascii_and_keeps_all():
    line = json_line({"text": HOSTILE})
    assert line.isascii() and line.isprintable()
    assert json.loads(line) == {"text": HOSTILE}


def test_complain(capsys):
    complain("x\x1b[2J\ny: no")
    assert capsys.readouterr() == ("", "ocpp21: x\\x1b[2J\\ny: no\n")


@pytest.mark.parametrize(
    ("options", "painted"),
    [
        ({"force_terminal": True, "color_system": "256"}, "\x1b[31mno\x1b[0m"),
        ({"force_terminal": True, "color_system": "256", "no_color": True}, "no"),
        ({"force_terminal": True, "color_system": "windows", "legacy_windows": True}, "no"),
        ({"force_terminal": False}, "no"),
    ],
)
def test_painter(options, painted):
    assert painter(Console(file=io.StringIO(), **options))("no", "red") == painted
