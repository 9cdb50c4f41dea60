"""``ocpp21 listen``: what it shows, whom it lets in, and how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import typer
from command import COMMAND, invoke, run
from sockets import PASSWORD, WRONG, Certificates, Lines, Listener, files
from websockets.asyncio.client import connect as raw_connect
from websockets.exceptions import ConnectionClosed

from ocpp21 import codec, messages
from ocpp21.asyncio import Patience
from ocpp21.cli.door import Doorkeeping
from ocpp21.cli.listen import listen
from ocpp21.cli.listener import answers
from ocpp21.cli.listener import run as serve
from ocpp21.cli.sheet import Sheet
from ocpp21.messages.registry import ACTIONS
from ocpp21.wire import Response, Send

NOBODY_ASKED = Doorkeeping(None, None, None, allow_unauthenticated=True)
AUTHORIZE = '{"idToken":{"idToken":"hunter2-Zq9","type":"KeyCode"}}'

HANDSHAKE = (
    b"GET /CS1 HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: ocpp2.1\r\n\r\n"
)


def keys(certificates: Certificates) -> list[str]:
    """Every line of the private keys."""
    texts = [Path(str(each[3])).read_text() for each in (certificates.server, certificates.station)]
    return [line for text in texts for line in text.splitlines() if not line.startswith("-")]


# As a process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("profile", [1, 2, 3])
def test_profiles(
    certificates: Certificates, password_file: Path, tmp_path: Path, profile: int, number: signal.Signals
) -> None:
    password = ("--password-file", password_file)
    ours, theirs = {
        1: ((*password,), (*password,)),
        2: ((*password, *certificates.server), (*password, "--trust", certificates.trust)),
        3: (
            (*certificates.server, "--trust", certificates.trust, "--organization", certificates.pki.organization),
            (*certificates.station, "--trust", certificates.trust),
        ),
    }[profile]
    with Listener("--profile", profile, *ours) as listener:
        assert listener.url.startswith("ws://" if profile == 1 else "wss://")
        done = run("call", f"{listener.url}/ocpp/CS1", "Heartbeat", *theirs)
        assert (done.returncode, done.stderr) == (0, b"")
        assert json.loads(done.stdout).keys() == {"currentTime"}
        listener.wait_for("connection closed identity=CS1 code=1000")
        code, out, err = listener.stop(number)
    assert (code, err) == (0, "")
    assert "connection opened identity=CS1 source=127.0.0.1" in out
    assert 'CS1 in  ok [2,"' in out and 'CS1 out ok [3,"' in out
    for secret in (PASSWORD, *keys(certificates)):
        assert secret not in out + done.stdout.decode()


def test_password_of_the_environment() -> None:
    with Listener(OCPP21_PASSWORD=PASSWORD) as listener:
        assert run("call", f"{listener.url}/CS1", "Heartbeat", OCPP21_PASSWORD=PASSWORD).returncode == 0
        for environment, reason in (({"OCPP21_PASSWORD": WRONG}, "'wrong credentials'"), ({}, "'no credentials'")):
            done = run("call", f"{listener.url}/CS1", "Heartbeat", **environment)
            assert (done.returncode, done.stdout) == (2, b"")
            assert done.stderr == b"ocpp21: cannot connect: the CSMS refuses with HTTP status 401 Unauthorized\n"
            listener.wait_for(f"handshake refused status=401 reason={reason}")
        code, out, err = listener.stop()
    assert (code, err) == (0, "")
    assert "horse" not in out


@pytest.mark.parametrize("shown", ["none", "foreign", "expired"])
def test_client_certificates_that_are_not_good(certificates: Certificates, shown: str) -> None:
    trust = "--trust", certificates.trust
    theirs = {
        "none": ("--profile", 2),
        "foreign": certificates.stranger,
        "expired": files(certificates.pki.station("CS1", validity="expired")),
    }[shown]
    with Listener("--profile", 3, *certificates.server, *trust, "--organization", "Example CSO") as listener:
        done = run("call", f"{listener.url}/CS1", "Heartbeat", *theirs, *trust)
        assert (done.returncode, done.stdout) == (2, b"")
        assert done.stderr.startswith(b"ocpp21: cannot connect: ") and done.stderr.count(b"\n") == 1
        listener.wait_for("TLS handshake failed side=CSMS security_event=InvalidChargingStationCertificate")
        assert run("call", f"{listener.url}/CS1", "Heartbeat", *certificates.station, *trust).returncode == 0
        code, _, err = listener.stop()
    assert (code, err) == (0, "")


def test_certificate_of_another_station(certificates: Certificates) -> None:
    trust = "--trust", certificates.trust
    with Listener("--profile", 3, *certificates.server, *trust, "--organization", "Example CSO") as listener:
        done = run("call", f"{listener.url}/CS2", "Heartbeat", *certificates.station, *trust)
        assert (done.returncode, done.stderr.count(b"403 Forbidden")) == (2, 1)
        listener.wait_for("handshake refused status=403")
    with Listener("--profile", 3, *certificates.server, *trust, "--allow-unauthenticated") as listener:
        assert run("call", f"{listener.url}/CS2", "Heartbeat", *certificates.station, *trust).returncode == 0


def test_server_certificate_of_a_foreign_root(certificates: Certificates, password_file: Path) -> None:
    password = "--password-file", password_file
    with Listener("--profile", 2, *certificates.server, *password) as listener:
        done = run("call", f"{listener.url}/CS1", "Heartbeat", *password, "--trust", certificates.foreign_trust)
        assert (done.returncode, done.stdout) == (2, b"")
        assert done.stderr.startswith(b"ocpp21: cannot connect: TLS: ")
        code, _, err = listener.stop()
    assert (code, err) == (0, "")


def test_stations_are_told_that_it_ends() -> None:
    async def stay(listener: Listener) -> int:
        async with raw_connect(f"{listener.url}/CS1", subprotocols=["ocpp2.1"], proxy=None) as station:
            listener.wait_for("connection opened")
            code, out, _ = await asyncio.to_thread(listener.stop)
            assert code == 0
            assert "connection closed identity=CS1 code=1001 reason='going away'" in out
            with pytest.raises(ConnectionClosed) as closed:
                await station.recv()
        return closed.value.rcvd.code

    with Listener("--allow-unauthenticated") as listener:
        assert asyncio.run(stay(listener)) == 1001


def test_output_that_is_full() -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [*COMMAND, "listen", "--port", "0", "--allow-unauthenticated"], stdout=full, stderr=subprocess.PIPE
        )
    assert (done.returncode, done.stderr) == (2, b"ocpp21: standard output: No space left on device\n")


@pytest.mark.parametrize("command", [("listen",), ("call", "ws://127.0.0.1:1/CS1", "Heartbeat")])
def test_missing_extra_is_told_in_one_line(command: tuple[str, ...]) -> None:
    code = "import sys; sys.modules['websockets'] = None; from ocpp21.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code, *command], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "ocpp21: the command needs websockets: pip install ocpp21[cli]\n"


def test_other_commands_do_not_need_the_extra() -> None:
    code = "import sys; sys.modules['websockets'] = None; from ocpp21.cli import main; main()"
    assert subprocess.run([sys.executable, "-c", code, "show", "Heartbeat"], capture_output=True).returncode == 0


# In this process

Story = Callable[[Lines, str], None]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Listen in this process while a story is told in another thread, and return what was printed."""

    def told(story: Story, **options: Any) -> str:
        lines, failures = Lines(), []

        def tell() -> None:
            line = lines.wait_for("listening")  # or no signal must be sent: it would end the tests
            try:
                url = json.loads(line)["url"] if line.startswith("{") else line.split()[-1].removesuffix("/<identity>")
                story(lines, url)
            except BaseException as error:
                failures.append(error)
            finally:
                os.kill(os.getpid(), signal.SIGTERM)

        monkeypatch.setattr(sys, "stdout", lines)
        thread = threading.Thread(target=tell)
        thread.start()
        try:
            listen(port=0, **options)
        finally:
            thread.join()
            monkeypatch.undo()
        assert failures == []
        return lines.text

    return told


def say(url: str, *frames: str, answers: int) -> list[str]:
    """Send frames as a station that does whatever it likes, and return so many answers."""

    async def talk() -> list[str]:
        async with raw_connect(url, subprotocols=["ocpp2.1"], proxy=None) as station:
            for frame in frames:
                await station.send(frame)
            return [await station.recv() for _ in range(answers)]

    return asyncio.run(talk())


def test_frames_and_verdicts(told: Callable[..., str]) -> None:
    answered: list[Any] = []

    def story(lines: Lines, url: str) -> None:
        answered.extend(
            say(
                f"{url}/CS1",
                '[2,"b","BootNotification",{"reason":"PowerUp","chargingStation":{"model":"m","vendorName":"v"}}]',
                f'[2,"a","Authorize",{AUTHORIZE}]',
                '[2,"e","NotifyEvent",{"generatedAt":"x"}]',
                "\x1b[2Jgarbage",
                '[2,"l","LogStatusNotification",{"status":"Idle"}]',
                answers=5,
            )
        )
        lines.wait_for("connection closed")

    out = told(story, allow_unauthenticated=True, interval=77)
    replies = {reply[1]: reply for reply in map(json.loads, answered)}
    assert replies["b"][2] | {"currentTime": ""} == {"currentTime": "", "interval": 77, "status": "Accepted"}
    assert replies["a"][2] == "NotSupported"
    assert replies["e"][2] == "FormatViolation"
    assert replies["-1"][2] == "RpcFrameworkError"
    assert replies["l"] == [3, "l", {}]
    assert "CS1 in  refused FormatViolation [2," in out
    assert 'CS1 in  ok [2,"a","Authorize",{"idToken":{"idToken":"***","type":"KeyCode"}}]' in out
    assert "CS1 in  refused RpcFrameworkError (no frame of OCPP-J: 11 bytes)" in out
    assert "\x1b" not in out and "hunter2" not in out


def test_interrupted_twice(told: Callable[..., str]) -> None:
    """Who does not want to wait for a station that does not answer the close need not."""
    began: list[float] = []

    def story(lines: Lines, url: str) -> None:
        station = stations.enter_context(socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2]))))
        station.sendall(HANDSHAKE)
        lines.wait_for("connection opened")
        os.kill(os.getpid(), signal.SIGINT)
        while station.recv(4096)[-12:] != b"\x03\xe9going away":
            pass
        began.append(time.monotonic())

    with contextlib.ExitStack() as stations:  # which stay connected
        out = told(story, allow_unauthenticated=True)
        took = time.monotonic() - began[0]
    assert "connection closed identity=CS1" in out
    assert took < Patience().close_timeout_s / 2


def test_json(told: Callable[..., str]) -> None:
    def story(lines: Lines, url: str) -> None:
        say(f"{url}/CS1", '[2,"h","Heartbeat",{}]', answers=1)
        lines.wait_for("connection closed")

    printed = [json.loads(line) for line in told(story, allow_unauthenticated=True, as_json=True).splitlines()]
    assert [each["kind"] for each in printed] == ["listening", "log", "frame", "frame", "log"]
    opened, heard = printed[1:3]
    assert opened["fields"] == {"identity": "CS1", "source": "127.0.0.1"}
    assert (opened["level"], opened["text"]) == ("info", "connection opened identity=CS1 source=127.0.0.1")
    assert (heard["identity"], heard["direction"], heard["verdict"]) == ("CS1", "in", "ok")
    assert heard["frame"] == [2, "h", "Heartbeat", {}]


def test_recording_can_be_replayed(told: Callable[..., str], tmp_path: Path) -> None:
    file = tmp_path / "traffic.jsonl"

    def story(lines: Lines, url: str) -> None:
        say(f"{url}/CS1", '[2,"h","Heartbeat",{}]', f'[2,"a","Authorize",{AUTHORIZE}]', "nothing", answers=3)
        lines.wait_for("connection closed")

    told(story, allow_unauthenticated=True, record=file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert "hunter2" not in file.read_text()
    replayed = invoke("replay", file)
    assert (replayed.exit_code, replayed.stdout) == (0, "")
    assert replayed.stderr.startswith("6 frames")


def test_password_is_asked_for(told: Callable[..., str], password_file: Path) -> None:
    def story(lines: Lines, url: str) -> None:
        for environment, code in ((PASSWORD, 0), (WRONG, 2)):
            assert run("call", f"{url}/CS1", "Heartbeat", OCPP21_PASSWORD=environment).returncode == code
        lines.wait_for("handshake refused status=401")

    assert "horse" not in told(story, password_file=password_file)


def test_tls(told: Callable[..., str], certificates: Certificates) -> None:
    certificate, key = (Path(str(certificates.server[at])) for at in (1, 3))
    ours = {"certificate": certificate, "key": key}

    def story(lines: Lines, url: str) -> None:
        assert url.startswith("wss://127.0.0.1:")
        done = run("call", f"{url}/CS1", "Heartbeat", "--trust", certificates.trust)
        assert done.returncode == 0

    def mutual(lines: Lines, url: str) -> None:
        done = run("call", f"{url}/CS1", "Heartbeat", *certificates.station, "--trust", certificates.trust)
        assert done.returncode == 0

    told(story, profile=2, allow_unauthenticated=True, **ours)
    told(mutual, profile=3, trust=certificates.trust, organizations=["Example CSO"], **ours)


def test_output_that_breaks_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(Lines):
        def write(self, text: str) -> int:
            if "connection opened" in text:
                raise OSError(28, "No space left on device")
            return super().write(text)

    lines = Broken()
    monkeypatch.setattr(sys, "stdout", lines)
    url: list[str] = []

    def visit() -> None:
        url.append(lines.wait_for("listening").split()[-1].removesuffix("/<identity>"))
        with pytest.raises(ConnectionClosed):
            say(f"{url[0]}/CS1", answers=1)

    thread = threading.Thread(target=visit)
    thread.start()
    with pytest.raises(OSError, match="No space left"):
        listen(port=0, allow_unauthenticated=True)
    thread.join()
    assert lines.text == f"listening on {url[0]}/<identity>\n"


def test_recording_that_breaks_ends_alone(capsys: pytest.CaptureFixture[str]) -> None:
    line = msgspec.json.encode(
        {"time": "2026-01-01T00:00:00.5Z", "at": 0, "direction": "in", "verdict": "ok", "frame": [3, "\x7f", {}]}
    )
    with open("/dev/full", "wb", buffering=0) as full:
        sheet = Sheet(as_json=False, recording=full)
        for _ in range(2):
            sheet.frame("CS1", line + b"\n")
    printed = capsys.readouterr()
    assert printed.out == '00:00:00.500 CS1 in  ok [3,"\\x7f",{}]\n' * 2
    assert printed.err == "ocpp21: recording has ended: No space left on device\n"


def test_recording_writes_lines_whole(capsys: pytest.CaptureFixture[str]) -> None:
    class Slow(io.BytesIO):
        def write(self, data: Any) -> int:
            return super().write(data[:3])

    slow = Slow()
    line = b'{"time":"2026-01-01T00:00:00Z","at":0,"direction":"in","verdict":"ok","note":"n"}\n'
    Sheet(as_json=True, recording=slow).frame("CS1", line)
    assert slow.getvalue() == line
    assert json.loads(capsys.readouterr().out) == {"kind": "frame", "identity": "CS1"} | json.loads(line)


def test_journal(capsys: pytest.CaptureFixture[str]) -> None:
    journal = logging.getLogger("ocpp21.asyncio.websockets")
    with Sheet(as_json=True).journal():
        journal.info("connection open")
        journal.error("opening handshake failed")
    journal.error("later")
    [line] = capsys.readouterr().out.splitlines()
    assert json.loads(line) | {"time": ""} == {
        "kind": "log",
        "time": "",
        "level": "error",
        "text": "opening handshake failed",
        "fields": {},
    }


def test_answers_are_valid_and_hold_nothing_made_up() -> None:
    handlers = answers(300)
    for message, handler in handlers.items():
        answer = handler(None)
        if issubclass(message, Send):
            assert answer is None
            continue
        assert isinstance(answer, Response)
        payload = json.loads(codec.encode(answer))
        if message not in (messages.BootNotificationRequest, messages.HeartbeatRequest):
            assert payload == {}
    names = {action.name for action in ACTIONS.values() if action.request in handlers}
    assert {"Heartbeat", "BootNotification", "TransactionEvent", "NotifyPeriodicEventStream"} <= names
    assert names.isdisjoint({"Authorize", "DataTransfer", "Reset"})


# Wrong usage


def test_help() -> None:
    shown = " ".join(invoke("listen", "--help").stdout.replace("│", " ").split())
    for text in (
        "SECONDS",
        "[default: 9000]",
        "[default: 300]",
        "[default: 127.0.0.1]",
        "Exit codes:",
        "OCPP21_PASSWORD",
    ):
        assert text in shown


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ((), "expected a password, in --password-file or OCPP21_PASSWORD, or --allow-unauthenticated, and not both"),
        (("--allow-unauthenticated", "--password-file", "PASSWORD"), "expected a password, in --password-file"),
        (("--password-file", "SHORT"), "expected a password of 16 to 64 characters, found 5"),
        (("--password-file", "LONG"), "expected a password of 16 to 64 characters, found 258"),
        (("--password-file", "NONE"), "No such file or directory"),
        (("--allow-unauthenticated", "--trust", "ROOTS"), "expected no --trust with security profile 1"),
        (("--allow-unauthenticated", "--key", "KEY"), "expected no --key with security profile 1"),
        (("--organization", "x"), "expected no --organization with security profile 1"),
        (
            ("--profile", "2", "--certificate", "CERTIFICATE"),
            "expected --certificate and --key with security profile 2",
        ),
        (("--profile", "2", "--organization", "x"), "expected no --organization with security profile 2"),
        (("--profile", "3", "--trust", "ROOTS"), "expected --certificate and --key with security profile 3"),
        (("--profile", "3", *("--certificate", "CERTIFICATE", "--key", "KEY")), "expected --trust"),
        (("--profile", "3", "--password-file", "PASSWORD"), "expected no --password-file with security profile 3"),
        (
            ("--profile", "3", *("--certificate", "CERTIFICATE", "--key", "KEY"), "--trust", "ROOTS"),
            "expected --organization, or --allow-unauthenticated, and not both",
        ),
        (
            ("--profile", "2", "--allow-unauthenticated", "--certificate", "CERTIFICATE", "--key", "NONE"),
            "certificate, key or roots: No such file or directory",
        ),
        (
            ("--profile", "2", "--allow-unauthenticated", "--certificate", "PASSWORD", "--key", "KEY"),
            "expected a certificate with its key",
        ),
        (("--allow-unauthenticated", "--record", "PASSWORD"), "File exists"),
        (("--allow-unauthenticated", "--host", "198.51.100.1"), "cannot listen on 198.51.100.1 port 0: "),
    ],
)
def test_wrong_usage(
    certificates: Certificates, password_file: Path, tmp_path: Path, options: tuple[str, ...], reason: str
) -> None:
    short, long = tmp_path / "short", tmp_path / "long"
    short.write_text("horse")
    long.write_text("horse" * 100)
    names = {
        "PASSWORD": password_file,
        "SHORT": short,
        "LONG": long,
        "NONE": tmp_path / "none",
        "ROOTS": certificates.trust,
        "CERTIFICATE": certificates.server[1],
        "KEY": certificates.server[3],
    }
    done = invoke("listen", "--port", "0", *(names.get(each, each) for each in options))
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("ocpp21: ") and done.stderr.count("\n") == 1
    assert reason in done.stderr
    assert "horse" not in done.stderr


def test_port_in_use() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = invoke("listen", "--port", taken.getsockname()[1], "--allow-unauthenticated")
    assert done.exit_code == 2
    assert "address already in use" in done.stderr.lower()


def test_ipv6(told: Callable[..., str]) -> None:
    def story(lines: Lines, url: str) -> None:
        assert url.startswith("ws://[::1]:")
        say(f"{url}/CS1", '[2,"h","Heartbeat",{}]', answers=1)

    told(story, host="::1", allow_unauthenticated=True)


def test_cancelled_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """An end that is neither a signal nor an output that broke is not hidden."""
    tasks: list[asyncio.Task[None]] = []

    class Cancelling(Lines):
        def write(self, text: str) -> int:
            tasks[0].get_loop().call_soon(tasks[0].cancel)
            return super().write(text)

    async def start() -> None:
        tasks.append(asyncio.create_task(serve(NOBODY_ASKED, Sheet(as_json=False), "127.0.0.1", 0, 1)))
        with pytest.raises(asyncio.CancelledError):
            await tasks[0]

    monkeypatch.setattr(sys, "stdout", Cancelling())
    asyncio.run(start())


def test_nothing_is_printed_after_it_broke(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[None] = []
    sheet = Sheet(as_json=False)
    sheet.on_broken = lambda: told.append(None)
    with open("/dev/full", "w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        for _ in range(2):
            sheet.listening("ws://h:1")
        monkeypatch.undo()
        with pytest.raises(OSError):
            full.close()
    assert len(told) == 1
    assert sheet.error is not None and sheet.error.errno == 28


@pytest.mark.parametrize("command", ["listen", "call"])
def test_missing_extra(monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    monkeypatch.setitem(sys.modules, "websockets", None)
    done = invoke(command, *(("ws://127.0.0.1:1/CS1", "Heartbeat") if command == "call" else ()))
    assert (done.exit_code, done.output) == (
        2,
        "ocpp21: the command needs websockets: pip install ocpp21[cli]\n",
    )


def test_typer_is_told_the_exit_code() -> None:
    with pytest.raises(typer.Exit) as ended:
        listen(port=0)
    assert ended.value.exit_code == 2
