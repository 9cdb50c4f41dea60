"""Lines of a recording, in bounded memory."""

import io
import os
import random
import tracemalloc

import pytest

from ocpp21.cli.lines import STDIN, Line, Unreadable, read_lines


@pytest.fixture
def write(tmp_path):
    def write(data: bytes) -> str:
        file = tmp_path / "lines"
        file.write_bytes(data)
        return str(file)

    return write


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"", []),
        (b"\n", [Line(1, b"", 0, 1)]),
        (b"ab\ncd\n", [Line(1, b"ab", 2, 3), Line(2, b"cd", 2, 6)]),
        (b"ab\r\ncd", [Line(1, b"ab", 2, 4), Line(2, b"cd", 2, 6)]),
        (b"a\rb\n\x00\xff\n", [Line(1, b"a\rb", 3, 4), Line(2, b"\x00\xff", 2, 7)]),
        (b"abcd\r\nabcd\nabcd", [Line(1, b"abcd", 4, 6), Line(2, b"abcd", 4, 11), Line(3, b"abcd", 4, 15)]),
        (b"abcde\nab\n", [Line(1, None, 5, 6), Line(2, b"ab", 2, 9)]),
        (b"abcde\r\nab\n", [Line(1, None, 5, 7), Line(2, b"ab", 2, 10)]),
        (b"abcdef", [Line(1, None, 6, 6)]),
        (b"abcde", [Line(1, None, 5, 5)]),
        (b"abcd\r", [Line(1, b"abcd", 4, 5)]),
        (b"abcdefghijk\r\nx", [Line(1, None, 11, 13), Line(2, b"x", 1, 14)]),
    ],
)
def test_lines_of_at_most_4_bytes(write, data, lines):
    assert list(read_lines(write(data), 4)) == lines


@pytest.mark.parametrize("seed", range(20))
def test_against_split(write, seed):
    chance = random.Random(seed)
    data = bytes(chance.choices(b"ab\r\n", weights=(5, 5, 1, 1), k=2000))
    limit = chance.randint(1, 12)
    texts = [text.removesuffix(b"\r") for text in data.removesuffix(b"\n").split(b"\n")]
    found = list(read_lines(write(data), limit))
    assert [line.data for line in found] == [text if len(text) <= limit else None for text in texts]
    assert [line.size for line in found] == [len(text) for text in texts]
    assert found[-1].end == len(data)


def test_ending_of_a_skipped_line_may_be_cut_anywhere(write):
    for size in range(65536 + 8, 65536 + 20):
        lines = list(read_lines(write(b"x" * size + b"\r\nab\r\n"), 4))
        assert lines == [Line(1, None, size, size + 2), Line(2, b"ab", 2, size + 6)]


def test_a_line_too_long_is_not_held(write):
    file = write(b"x" * 20_000_000 + b"\nab\n")
    tracemalloc.start()
    lines = list(read_lines(file, 1000))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [line.size for line in lines] == [20_000_000, 2]
    assert peak < 1_000_000


def test_standard_input(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"ab\n")))
    assert [line.data for line in read_lines(STDIN, 4)] == [b"ab"]


def test_missing_file(tmp_path):
    with pytest.raises(Unreadable, match=r"^No such file or directory$"):
        next(read_lines(str(tmp_path / "nothing"), 4))


def test_directory(tmp_path):
    with pytest.raises(Unreadable, match=r"^Is a directory$"):
        next(read_lines(str(tmp_path), 4))


def test_file_that_opens_but_cannot_be_read():
    with pytest.raises(Unreadable, match=r"^Input/output error$"):
        next(read_lines("/proc/self/mem", 4))


def test_file_is_closed_when_reading_stops_early(write):
    before = os.listdir("/proc/self/fd")
    lines = read_lines(write(b"a\nb\n"), 4)
    next(lines)
    lines.close()
    assert os.listdir("/proc/self/fd") == before
