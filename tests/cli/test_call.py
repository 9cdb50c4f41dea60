"""``ocpp21 call``: what it sends, what it prints, and what it says when there is no answer."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from command import COMMAND, invoke, run
from sockets import PASSWORD, WRONG, Certificates, Listener, files, served
from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as raw_serve

from ocpp21 import messages
from ocpp21.asyncio import Connection, serve
from ocpp21.errors import CallError, ErrorCode
from ocpp21.framing import MAX_SIZE

#: Nothing listens there.
NOBODY = "ws://127.0.0.1:1/CS1"

BOOT = '{"reason":"PowerUp","chargingStation":{"model":"m","vendorName":"v"}}'
STREAM = '{"id":1,"pending":0,"basetime":"2026-01-01T00:00:00Z","data":[{"t":0,"v":"1"}]}'


@pytest.fixture(scope="module")
def csms() -> Iterator[Listener]:
    with Listener("--allow-unauthenticated") as listener:
        yield listener
        assert listener.stop()[::2] == (0, "")


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    file = tmp_path / "password"
    file.write_bytes(PASSWORD.encode() + b"\r\n")
    return file


# Answered


def test_response_is_printed(csms: Listener) -> None:
    done = run("call", f"{csms.url}/ocpp/CS1", "BootNotification", BOOT)
    assert (done.returncode, done.stderr) == (0, b"")
    response = json.loads(done.stdout)
    assert response | {"currentTime": ""} == {"currentTime": "", "interval": 300, "status": "Accepted"}
    assert done.stdout.count(b"\n") == 1
    csms.wait_for("CS1 in  ok [2,")


def test_payload_is_empty_by_default(csms: Listener) -> None:
    done = invoke("call", f"{csms.url}/CS1", "Heartbeat")
    assert (done.exit_code, json.loads(done.stdout).keys(), done.stderr) == (0, {"currentTime"}, "")


def test_standard_input(csms: Listener) -> None:
    done = invoke("call", f"{csms.url}/CS1", "LogStatusNotification", "-", stdin=b'{"status":"Idle"}\n')
    assert (done.exit_code, done.stdout, done.stderr) == (0, "{}\n", "")


def test_identity(csms: Listener) -> None:
    assert invoke("call", f"{csms.url}/ocpp", "Heartbeat", "--identity", "A|B").exit_code == 0
    csms.wait_for("connection opened identity=A|B")
    assert invoke("call", f"{csms.url}/ocpp/C%7CD", "Heartbeat").exit_code == 0
    csms.wait_for("connection opened identity=C|D")


def test_message_without_answer(csms: Listener) -> None:
    done = invoke("call", f"{csms.url}/SENDER", "NotifyPeriodicEventStream", STREAM)
    assert (done.exit_code, done.output) == (0, "")
    csms.wait_for("SENDER in  ok [6,")


def test_boot_comes_first(csms: Listener) -> None:
    done = invoke("call", f"{csms.url}/BOOTER", "Heartbeat", "--boot")
    assert (done.exit_code, json.loads(done.stdout).keys()) == (0, {"currentTime"})
    assert '"BootNotification",{' in csms.wait_for("BOOTER in  ok [2,")
    assert '"Heartbeat",{}' in csms.wait_for("BOOTER in  ok [2,")


def test_response_cannot_steer_a_terminal() -> None:
    data = "\x1b[2J\x7fé\u202e"

    def on_data_transfer(request: messages.DataTransferRequest) -> messages.DataTransferResponse:
        return messages.DataTransferResponse(status="Accepted", data=data)

    with served(csms_that({messages.DataTransferRequest: on_data_transfer})) as url:
        done = invoke("call", f"{url}/CS1", "DataTransfer", '{"vendorId":"v"}')
    assert (done.exit_code, json.loads(done.stdout)) == (0, {"status": "Accepted", "data": data})
    assert done.stdout.strip().isprintable() and done.stdout.isascii()


# Security profiles


@pytest.mark.parametrize("profile", [1, 2, 3])
def test_profiles(certificates: Certificates, password_file: Path, profile: int) -> None:
    trust, password = ("--trust", certificates.trust), ("--password-file", password_file)
    ours, theirs = {
        1: (password, password),
        2: ((*certificates.server, *password), (*trust, *password)),
        3: (
            (*certificates.server, *trust, "--organization", "Example CSO"),
            (*certificates.station, *trust),
        ),
    }[profile]
    with Listener("--profile", profile, *ours) as listener:
        url = f"{listener.url}/CS1"
        for deduced in (("--profile", profile), ()):
            done = invoke("call", url, "Heartbeat", *deduced, *theirs)
            assert (done.exit_code, done.stderr) == (0, "")
        assert listener.stop()[0] == 0


def test_wrong_password_is_not_shown(certificates: Certificates, password_file: Path) -> None:
    with Listener("--password-file", password_file) as listener:
        done = run("call", f"{listener.url}/CS1", "Heartbeat", OCPP21_PASSWORD=WRONG)
        ours = invoke("call", f"{listener.url}/CS1", "Heartbeat")
        out = listener.stop()[1]
    for code, said in ((done.returncode, done.stderr.decode()), (ours.exit_code, ours.stderr)):
        assert (code, said) == (2, "ocpp21: cannot connect: the CSMS refuses with HTTP status 401 Unauthorized\n")
    assert "horse" not in out


def test_certificates_that_are_not_good(certificates: Certificates) -> None:
    trust, foreign = ("--trust", certificates.trust), ("--trust", certificates.foreign_trust)
    with Listener("--profile", 3, *certificates.server, *trust, "--allow-unauthenticated") as listener:
        url = f"{listener.url}/CS1"
        late = files(certificates.pki.station("CS1", validity="expired"))
        for options in ((*certificates.station, *foreign), (*certificates.stranger, *trust), (*late, *trust)):
            done = invoke("call", url, "Heartbeat", *options)
            assert (done.exit_code, done.stdout) == (2, "")
            assert done.stderr.startswith("ocpp21: cannot connect: ") and done.stderr.count("\n") == 1
    with Listener("--profile", 2, *files(certificates.pki.server("elsewhere")), "--allow-unauthenticated") as listener:
        done = invoke("call", f"{listener.url}/CS1", "Heartbeat", *trust)
        assert (done.exit_code, done.stdout) == (2, "")
        assert done.stderr.startswith("ocpp21: cannot connect: TLS: IP address mismatch")


# Not answered


def csms_that(handlers: dict[Any, Callable[[Any], Any]], **options: Any) -> Callable[[], Any]:
    """What starts a CSMS with these handlers."""

    async def start() -> Any:
        server = serve(
            options.pop("handler", lambda connection: None),
            "127.0.0.1",
            0,
            allow_unauthenticated=True,
            handlers=handlers,
            **options,
        )
        return await server

    return start


async def never(request: Any) -> None:
    await asyncio.Event().wait()


def csms_that_says(answer: str | None, subprotocols: tuple[str, ...] = ("ocpp2.1",)) -> Callable[[], Any]:
    """What starts a raw server that answers every message with a text, ``<id>`` in it replaced; or hangs up."""

    async def talk(station: ServerConnection) -> None:
        async for message in station:
            if answer is None:
                await station.close(1011, "out of \x1b[2Jorder")
            else:
                await station.send(answer.replace("<id>", json.loads(message)[1]))

    async def start() -> Any:
        return await raw_serve(talk, "127.0.0.1", 0, subprotocols=subprotocols or None)

    return start


def test_refused(csms: Listener) -> None:
    token = '{"idToken":{"idToken":"a","type":"Local"}}'
    done = invoke("call", f"{csms.url}/CS1", "Authorize", token)
    assert (done.exit_code, done.output) == (1, "ocpp21: refused with NotSupported: expected no Authorize\n")


def test_details_of_a_refusal() -> None:
    def refuse(request: Any) -> None:
        raise CallError(ErrorCode.SECURITY_ERROR, "not \x1byou", {"why": "\x1b"})

    with served(csms_that({messages.HeartbeatRequest: refuse})) as url:
        done = invoke("call", f"{url}/CS1", "Heartbeat")
    assert (done.exit_code, done.output) == (
        1,
        'ocpp21: refused with SecurityError: not \\x1byou {"why":"\\u001b"}\n',
    )


def test_no_answer_in_time() -> None:
    with served(csms_that({messages.HeartbeatRequest: never})) as url:
        done = invoke("call", f"{url}/CS1", "Heartbeat", "--timeout", "0.05")
    assert (done.exit_code, done.output) == (1, "ocpp21: no answer within 0.05 s\n")


def test_boot_that_is_not_accepted() -> None:
    def on_boot(request: messages.BootNotificationRequest) -> messages.BootNotificationResponse:
        return messages.BootNotificationResponse(current_time=datetime.now(UTC), interval=77, status="Pending")

    with served(csms_that({messages.BootNotificationRequest: on_boot})) as url:
        done = invoke("call", f"{url}/CS1", "Heartbeat", "--boot")
    assert (done.exit_code, done.output) == (
        1,
        "ocpp21: BootNotification was answered Pending, come back in 77 s\n",
    )


def test_csms_asks_meanwhile() -> None:
    """Its call is answered NotSupported, and ours is answered all the same."""
    heard: list[Any] = []

    def greet(connection: Connection) -> None:
        @connection.on(messages.HeartbeatRequest)
        async def on_heartbeat(request: messages.HeartbeatRequest) -> messages.HeartbeatResponse:
            with pytest.raises(CallError) as refused:
                await connection.call(messages.ClearCacheRequest())
            heard.append(refused.value.code)
            return messages.HeartbeatResponse(current_time=datetime.now(UTC))

    with served(csms_that({}, handler=greet)) as url:
        assert invoke("call", f"{url}/CS1", "Heartbeat").exit_code == 0
    assert heard == [ErrorCode.NOT_SUPPORTED]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ('[3,"<id>",{"currentTime":1}]', "the answer is not valid: "),
        ('[4,"<id>","Nope","",{}]', "refused with Nope"),
        (None, "the connection has ended: out of \\x1b[2Jorder"),
    ],
)
def test_csms_that_answers_wrongly(answer: str | None, reason: str) -> None:
    with served(csms_that_says(answer)) as url:
        done = invoke("call", f"{url}/CS1", "Heartbeat")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith(f"ocpp21: {reason}") and done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("action", "payload", "reason"),
    [
        ("Heartbeat", "{", "Heartbeat: "),
        ("Heartbeat", "[]", "Heartbeat: "),
        ("Heartbeat", '{"a":1}', "Heartbeat: `/a`: "),
        ("Heartbeat", "\udcff", "Heartbeat: "),
        ("BootNotification", BOOT.replace('"v"', "1"), "BootNotification: `/chargingStation/vendorName`: "),
        ("LogStatusNotification", '{"status":"Idel"}', "LogStatusNotification: `/status`: "),
        ("Authorize", '{"idToken":{"idToken":"ä","type":"Local"}}', "Authorize: `/idToken/idToken`: "),
    ],
)
def test_json_that_is_not_valid(action: str, payload: str, reason: str) -> None:
    """It is told before anything is sent: nobody is there to hear it."""
    done = invoke("call", NOBODY, action, payload)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith(f"ocpp21: {reason}") and done.stderr.count("\n") == 1


# No connection, wrong usage


def test_nobody_listens() -> None:
    done = run("call", NOBODY, "Heartbeat")
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"ocpp21: cannot connect: ") and done.stderr.count(b"\n") == 1


def test_csms_that_is_gone() -> None:
    with Listener("--allow-unauthenticated") as listener:
        assert run("call", f"{listener.url}/CS1", "Heartbeat").returncode == 0
        assert listener.stop()[0] == 0
        assert run("call", f"{listener.url}/CS1", "Heartbeat").returncode == 2


def test_nobody_answers_the_handshake() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        done = invoke("call", f"ws://127.0.0.1:{silent.getsockname()[1]}/CS1", "Heartbeat", "--timeout", "0.05")
    assert (done.exit_code, done.output) == (2, "ocpp21: cannot connect: it takes longer than 0.05 s\n")


def test_csms_of_another_protocol() -> None:
    with served(csms_that_says("", subprotocols=())) as url:
        done = invoke("call", f"{url}/CS1", "Heartbeat")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == "ocpp21: cannot connect: expected one of our subprotocols, found none\n"


def test_status_that_has_no_name() -> None:
    with socket.create_server(("127.0.0.1", 0)) as odd:
        url = f"ws://127.0.0.1:{odd.getsockname()[1]}/CS1"
        process = subprocess.Popen([*COMMAND, "call", url, "Heartbeat"], stderr=subprocess.PIPE)
        with odd.accept()[0] as station:
            station.recv(4096)
            station.sendall(b"HTTP/1.1 499 \r\nContent-Length: 0\r\n\r\n")
            _, err = process.communicate()
    assert (process.returncode, err) == (2, b"ocpp21: cannot connect: the CSMS refuses with HTTP status 499\n")


def test_interrupted() -> None:
    """Ctrl-C while it connects: no traceback."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"ws://127.0.0.1:{silent.getsockname()[1]}/CS1"
        process = subprocess.Popen([*COMMAND, "call", url, "Heartbeat"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        with silent.accept()[0] as station:
            station.recv(4096)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate()
    assert process.returncode == 130
    assert b"Traceback" not in err and out == b""


def test_interrupted_while_it_waits() -> None:
    process: list[subprocess.Popen[bytes]] = []

    async def interrupt(request: Any) -> None:
        process[0].send_signal(signal.SIGINT)
        await asyncio.Event().wait()

    with served(csms_that({messages.HeartbeatRequest: interrupt})) as url:
        process.append(
            subprocess.Popen(
                [*COMMAND, "call", f"{url}/CS1", "Heartbeat"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
        )
        out, err = process[0].communicate()
    assert process[0].returncode == 130
    assert b"Traceback" not in err and out == b""


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ((NOBODY, "Hartbeat"), "no action has the name Hartbeat; did you mean Heartbeat?"),
        ((NOBODY, "\x1b[2J"), "no action has the name \\x1b[2J"),
        ((NOBODY, "Reset"), "expected an action that Charging Stations send, found Reset"),
        ((NOBODY.replace("/CS1", "/"), "Heartbeat"), "no identity at the end of the URL, and no --identity"),
        ((NOBODY.replace("/CS1", ""), "Heartbeat"), "no identity at the end of the URL, and no --identity"),
        (("ws://[/CS1", "Heartbeat"), "expected a URL: no identity at the end of the URL"),
        (("http://127.0.0.1/CS1", "Heartbeat"), "expected a URL of ws:// or wss://, found `http`"),
        ((NOBODY.replace("ws://", "ws://a:hunter2@"), "Heartbeat"), "without user, query and fragment"),
        ((f"{NOBODY}?token=hunter2", "Heartbeat"), "expected a URL without query and fragment"),
        ((f"{NOBODY}?token=hunter2", "Heartbeat", "--identity", "CS1"), "expected a URL without user, query"),
        ((NOBODY, "Heartbeat", "--identity", "a:b"), "expected 1 to 48 characters"),
        ((NOBODY, "Heartbeat", "--trust", "ROOTS"), "expected no --trust with security profile 1"),
        ((NOBODY, "Heartbeat", "--certificate", "CERTIFICATE"), "expected no --certificate with security profile 1"),
        ((NOBODY, "Heartbeat", "--profile", "2", "--trust", "ROOTS"), "expected a URL with wss://"),
        ((NOBODY, "Heartbeat", "--password-file", "NONE"), "No such file or directory"),
        ((NOBODY, "Heartbeat", "--password-file", "SHORT"), "expected a password of 16 to 64 characters, found 7"),
        (("wss://h/CS1", "Heartbeat"), "expected --trust with security profile 2"),
        (("wss://h/CS1", "Heartbeat", "--trust", "NONE"), "certificate, key or roots: No such file or directory"),
        (("wss://h/CS1", "Heartbeat", "--trust", "SHORT"), "expected root certificates as PEM"),
        (("wss://h/CS1", "Heartbeat", "--certificate", "CERTIFICATE"), "expected --certificate and --key with"),
        (
            ("wss://h/CS1", "Heartbeat", "--profile", "3", "--password-file", "SHORT"),
            "expected no --password-file with security profile 3",
        ),
        (
            ("wss://h/CS1", "Heartbeat", "--certificate", "CERTIFICATE", "--key", "KEY"),
            "expected --trust with security profile 3",
        ),
    ],
)
def test_wrong_usage(certificates: Certificates, tmp_path: Path, arguments: tuple[str, ...], reason: str) -> None:
    short = tmp_path / "short"
    short.write_text("hunter2")
    names = {
        "SHORT": short,
        "NONE": tmp_path / "none",
        "ROOTS": certificates.trust,
        "CERTIFICATE": certificates.station[1],
        "KEY": certificates.station[3],
    }
    done = invoke("call", *(names.get(each, each) for each in arguments))
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("ocpp21: ") and done.stderr.count("\n") == 1
    assert reason in done.stderr
    assert "hunter2" not in done.stderr


def test_too_much_on_standard_input() -> None:
    done = invoke("call", NOBODY, "Heartbeat", "-", stdin=b" " * (MAX_SIZE + 1))
    assert (done.exit_code, done.output) == (2, f"ocpp21: expected at most {MAX_SIZE} bytes, found more\n")


def test_help() -> None:
    shown = " ".join(invoke("call", "--help").stdout.replace("│", " ").split())
    for text in ("SECONDS", "[default: 30.0]", "[default: {}]", "Exit codes:", "OCPP21_PASSWORD"):
        assert text in shown


@pytest.mark.parametrize("option", ["--password", "--user"])
def test_no_password_on_the_command_line(option: str) -> None:
    assert run("call", NOBODY, "Heartbeat", option, PASSWORD).returncode == 2
