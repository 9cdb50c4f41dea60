"""``ocpp21 validate``."""

import json
import os
import signal
import subprocess
import sys
import textwrap

import pytest
from command import COMMAND, invoke, run

from ocpp21.cli.app import app
from ocpp21.cli.datasets import datasets

GOOD = b'[2,"1","Heartbeat",{}]\n\n[3,"1",{"currentTime":"2026-01-01T00:00:00Z"}]\r\n'
BAD = GOOD + b'[2,"2","Heartbeat",{"a\\u001b[2J":1}]\n[3,"3",{}]\nnonsense\n'


@pytest.fixture
def recording(tmp_path):
    def write(data: bytes, name: str = "a.jsonl") -> str:
        file = tmp_path / name
        file.write_bytes(data)
        return str(file)

    return write


# Verdicts


def test_good_file(recording):
    file = recording(GOOD)
    result = run("validate", file)
    assert result.returncode == 0
    assert result.stdout.decode() == f"{file}:1: ok CALL Heartbeat\n{file}:3: ok CALLRESULT Heartbeat\n"
    assert result.stderr.decode().startswith("2 messages: 2 ok\n0.0")


def test_bad_file(recording):
    file = recording(BAD)
    result = run("validate", file)
    assert result.returncode == 1
    assert result.stdout.decode().replace(file, "FILE").splitlines() == [
        "FILE:1: ok CALL Heartbeat",
        "FILE:3: ok CALLRESULT Heartbeat",
        r"FILE:4: refused FormatViolation `/a\x1b[2J`: expected a member of this object, found `a\x1b[2J`",
        "FILE:5: unmatched expected the id of a CALL before it, found `3`",
        "FILE:6: refused RpcFrameworkError expected a JSON array, found 'nonsense'",
    ]
    counts, *codes, rate = result.stderr.decode().splitlines()
    assert counts == "5 messages: 2 ok, 2 refused, 1 unmatched"
    assert codes == ["        1  FormatViolation", "        1  RpcFrameworkError"]
    assert rate.endswith(" MB/s")


@pytest.mark.parametrize("names", [(), ("-",)])
def test_standard_input(names):
    result = run("validate", *names, stdin=GOOD)
    assert result.returncode == 0
    assert result.stdout == b"<stdin>:1: ok CALL Heartbeat\n<stdin>:3: ok CALLRESULT Heartbeat\n"


def test_nothing():
    result = run("validate")
    assert (result.returncode, result.stdout) == (0, b"")
    assert result.stderr.startswith(b"0 messages: 0 ok\n")


def test_binary_input():
    result = run("validate", stdin=bytes(range(256)) * 100)
    assert result.returncode == 1
    assert result.stdout.replace(b"\n", b"").isascii()
    assert b"\x1b" not in result.stdout


def test_results_are_matched_within_one_file(recording):
    call, answer = recording(b'[2,"1","ClearCache",{}]', "call"), recording(b'[3,"1",{"status":"Accepted"}]', "answer")
    result = invoke("validate", call, answer)
    assert result.exit_code == 1
    assert f"{answer}:1: unmatched" in result.stdout


def test_quiet(recording):
    result = invoke("validate", "--quiet", "--lenient", stdin=BAD + b'[2,"1","Heartbeat",{"a":1}]\n')
    assert [line.split(":")[1] for line in result.stdout.splitlines()] == ["5", "6"]
    assert "2 deviations tolerated" in result.stderr


def test_lenient():
    result = invoke("validate", "--lenient", stdin=b'[2,"1","Heartbeat",{"a":1,"customData":null}]\n')
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "<stdin>:1: ok CALL Heartbeat",
        '<stdin>:1: tolerated `/a`: unknown member, found `"a"`',
        "<stdin>:1: tolerated `/customData`: null, found `null`",
    ]


def test_conform():
    line = b'{"action":"Authorize","payload":{"idToken":{"idToken":"a b","type":"Local"}}}\n'
    assert invoke("validate", stdin=line).exit_code == 0
    result = invoke("validate", "--conform", stdin=line)
    assert result.exit_code == 1
    assert "refused PropertyConstraintViolation `/idToken/idToken`: expected an identifier" in result.stdout


def test_max_size(recording):
    line = b'[2,"1","Heartbeat",{}]'
    file = recording(line + b"\n" + line + b" \n" + line + b"\r\n")
    result = invoke("validate", "--max-size", len(line), file)
    assert result.stdout.replace(file, "FILE").splitlines() == [
        "FILE:1: ok CALL Heartbeat",
        "FILE:2: refused RpcFrameworkError expected at most 22 bytes, found 23",
        "FILE:3: ok CALL Heartbeat",
    ]


def test_default_of_max_size():
    head, tail = b'[2,"1","Heartbeat",{}', b"]"
    for size, code in ((1 << 20, 0), ((1 << 20) + 1, 1)):
        line = head + b" " * (size - len(head) - len(tail)) + tail
        assert invoke("validate", stdin=line).exit_code == code


def test_larger_max_size_is_taken_at_its_word():
    line = b'[2,"1","Heartbeat",{}' + b" " * (2 << 20) + b"]"
    assert invoke("validate", "--max-size", 3 << 20, stdin=line).exit_code == 0


# JSON


def test_json(recording):
    file = recording(BAD)
    result = run("validate", "--json", file)
    assert (result.returncode, result.stderr) == (1, b"")
    assert result.stdout.isascii() and b"\x1b" not in result.stdout
    *lines, last = map(json.loads, result.stdout.splitlines())
    assert [line["line"] for line in lines] == [1, 3, 4, 5, 6]
    assert lines[2] == {
        "file": file,
        "line": 4,
        "verdict": "refused",
        "kind": "CALL",
        "action": "Heartbeat",
        "id": "2",
        "code": "FormatViolation",
        "keyword": "additionalProperties",
        "pointer": "/a\x1b[2J",
        "offset": 1,
        "reason": r"`/a\x1b[2J`: expected a member of this object, found `a\x1b[2J`",
        "deviations": [],
    }
    summary = last["summary"]
    assert summary.pop("seconds") > 0
    assert summary == {
        "messages": 5,
        "ok": 2,
        "refused": 2,
        "unmatched": 1,
        "codes": {"FormatViolation": 1, "RpcFrameworkError": 1},
        "deviations": 0,
        "unreadable": 0,
        "bytes": len(BAD) - len("\n" * 6 + "\r"),
    }


def test_json_of_deviations_and_quiet():
    line = b'{"action":"Heartbeat","payload":{"a":1}}\n'
    found, summary = map(json.loads, invoke("validate", "--json", "--lenient", stdin=line).stdout.splitlines())
    assert found["deviations"] == [{"rule": "unknown member", "pointer": "/a", "offset": 1, "found": '`"a"`'}]
    assert summary["summary"]["deviations"] == 1
    quiet = invoke("validate", "--json", "--lenient", "--quiet", stdin=line)
    assert [list(json.loads(each)) for each in quiet.stdout.splitlines()] == [["summary"]]


# Files that cannot be read or written


def test_missing_file(tmp_path):
    name = str(tmp_path / "none\x1b[2J.jsonl")
    result = run("validate", name)
    assert (result.returncode, result.stdout) == (2, b"")
    assert result.stderr.decode() == f"ocpp21: {tmp_path}/none\\x1b[2J.jsonl: No such file or directory\n"


def test_others_are_read_when_one_is_missing(recording, tmp_path):
    result = run("validate", tmp_path, recording(BAD), "none")
    assert result.returncode == 2
    assert len(result.stdout.splitlines()) == 5
    lines = result.stderr.decode().splitlines()
    assert lines[:3] == [
        f"ocpp21: {tmp_path}: Is a directory",
        "ocpp21: none: No such file or directory",
        "5 messages: 2 ok, 2 refused, 1 unmatched",
    ]


def test_no_summary_of_nothing(tmp_path):
    result = invoke("validate", tmp_path)
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", f"ocpp21: {tmp_path}: Is a directory\n")


def test_missing_file_in_json():
    result = invoke("validate", "--json", "none")
    assert result.exit_code == 2
    assert result.stderr == "ocpp21: none: No such file or directory\n"
    assert json.loads(result.stdout)["summary"]["unreadable"] == 1


def test_unreadable_file():
    result = run("validate", "/proc/self/mem")
    assert (result.returncode, result.stderr) == (2, b"ocpp21: /proc/self/mem: Input/output error\n")


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_name_that_is_no_text(tmp_path, options):
    name = os.fsencode(tmp_path) + b"/\xff\x9b.jsonl"
    with open(name, "wb") as file:
        file.write(GOOD)
    result = subprocess.run([*COMMAND, "validate", *options, name], capture_output=True)
    assert result.returncode == 0
    assert result.stdout.isascii() and rb"\xff\x9b.jsonl" in result.stdout.replace(rb"\\", b"\\")


def test_wrong_usage():
    for arguments in (("--max-size", "0"), ("--max-size", "x"), ("--unknown",)):
        result = run("validate", *arguments)
        assert (result.returncode, result.stdout) == (2, b"")


def test_output_that_is_full():
    with open("/dev/full", "wb") as full:
        result = subprocess.run([*COMMAND, "validate"], input=GOOD, stdout=full, stderr=subprocess.PIPE)
    assert result.returncode == 2
    assert result.stderr.endswith(b"ocpp21: standard output: No space left on device\n")


def test_output_without_unicode():
    result = run("validate", stdin='[2,"1","Heartbeat",{"é":1}]'.encode(), PYTHONIOENCODING="ascii")
    assert result.returncode == 1 and result.stdout.isascii()


# Streams


def test_closed_pipe_ends_quietly(recording):
    file = recording(GOOD * 50_000)
    with subprocess.Popen([*COMMAND, "validate", file], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout.readline() == f"{file}:1: ok CALL Heartbeat\n".encode()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == -signal.SIGPIPE


def test_interrupt_ends_quietly():
    with subprocess.Popen(
        [*COMMAND, "validate", "--max-size", "100"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        # So many verdicts that some must leave the buffer: then the command is at work, and waits for more.
        process.stdin.write(GOOD * 1000)
        process.stdin.flush()
        assert process.stdout.readline() == b"<stdin>:1: ok CALL Heartbeat\n"
        process.send_signal(signal.SIGINT)
        process.stdout.read()
        assert process.stderr.read() == b""
        assert process.wait() == 130


def test_memory_does_not_grow_with_the_input():
    """Calls without answers, lines too long, and refusals; the peak of the process is told by the system."""
    code = textwrap.dedent(
        """
        import resource, sys
        from ocpp21.cli import main
        try:
            main()
        finally:
            sys.stderr.write(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}\\n")
        """
    )

    def peak(blocks: int) -> int:
        command = [sys.executable, "-c", code, "validate", "-q", "--max-size", "1000"]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        ) as process:
            for block in range(blocks):
                calls = b"".join(b'[2,"%d-%d","Heartbeat",{}]\n' % (block, number) for number in range(5000))
                process.stdin.write(calls + b"x" * 500_000 + b"\n" + b'[3,"?",{}]\n' * 100)
            process.stdin.close()
            return int(process.stderr.read().splitlines()[-1])

    assert peak(24) - peak(4) < 4096  # kB; all ids together are some 10 MB


# Terminals


def on_terminal(monkeypatch, terminal, *streams, arguments):
    """Run the command in this process with streams on a terminal; return exit code and what came there."""
    with open(os.dup(terminal.writer), "w", buffering=1) as writer:
        for stream in streams:
            monkeypatch.setattr(sys, stream, writer)
        code = app(["validate", *arguments], standalone_mode=False)
        monkeypatch.undo()
    return code, terminal.close().decode()


def test_colours(monkeypatch, terminal, recording):
    code, text = on_terminal(monkeypatch, terminal, "stdout", arguments=["--lenient", recording(BAD)])
    assert code == 1
    assert ":1: \x1b[32mok\x1b[0m CALL Heartbeat" in text
    assert ":4: \x1b[33mtolerated\x1b[0m `/a" in text
    assert ":5: \x1b[33munmatched\x1b[0m expected" in text
    assert ":6: \x1b[31mrefused\x1b[0m RpcFrameworkError" in text


def test_no_colours_when_not_wanted(monkeypatch, terminal, recording):
    monkeypatch.setenv("NO_COLOR", "1")
    _, text = on_terminal(monkeypatch, terminal, "stdout", arguments=[recording(BAD)])
    assert "\x1b" not in text


@pytest.fixture
def long_recording(recording):
    """More than 4 MiB, the last line bad."""
    dataset = datasets()["Report"]
    return recording((dataset.frame + b"\n") * (5_000_000 // len(dataset.frame)) + b"nonsense\n", "long\x1b[2J.jsonl")


def test_bar_for_long_input(monkeypatch, terminal, long_recording):
    code, text = on_terminal(monkeypatch, terminal, "stderr", arguments=[long_recording])
    assert code == 1
    assert "━" in text and "/5.0 MB" in text and r"long\x1b[2J.jsonl" in text
    assert "\x1b[2J" not in text


def test_bar_and_output_on_one_terminal(monkeypatch, terminal, long_recording):
    code, text = on_terminal(monkeypatch, terminal, "stdout", "stderr", arguments=["--quiet", long_recording])
    assert code == 1
    assert "━" in text and "refused" in text


def test_no_bar_when_verdicts_scroll(monkeypatch, terminal, long_recording):
    _, text = on_terminal(monkeypatch, terminal, "stdout", "stderr", arguments=[long_recording])
    assert "━" not in text


def test_no_bar_for_short_input(monkeypatch, terminal, recording):
    _, text = on_terminal(monkeypatch, terminal, "stderr", arguments=[recording(GOOD)])
    assert "━" not in text and text.startswith("2 messages: 2 ok")


def test_no_bar_for_input_of_unknown_length(monkeypatch, terminal, long_recording):
    _, text = on_terminal(monkeypatch, terminal, "stderr", arguments=[long_recording, "/dev/null"])
    assert "━" not in text
