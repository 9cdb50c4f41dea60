"""``ocpp21 replay``: a recording fed to the same session shows nothing, one that was changed shows what."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from command import invoke, run
from cryptography.hazmat.primitives.asymmetric import ec

from ocpp21 import messages
from ocpp21.cli.replay import Difference, Replay, Role, find_side
from ocpp21.errors import CallError, ErrorCode
from ocpp21.events import CallReceived, ResultReceived
from ocpp21.observation import Observation
from ocpp21.recording import Recorder, read
from ocpp21.session import Limits, Session
from ocpp21.signing import KeySigner

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SECRET = "hunter2-Zq9"
TOKEN = messages.IdTokenType(id_token=SECRET, type="KeyCode")
NAMES = {"vendorName": "v", "model": "m"}

Story = Callable[["Play"], None]


class Play:
    """A session that is recorded while a story is told to it."""

    def __init__(self, recorder: Recorder, side: Any, **options: Any) -> None:
        self.session = Session(side, observer=recorder, **options)

    def hear(self, frame: Any, now: float) -> list[Any]:
        self.session.receive(frame if isinstance(frame, str | bytes) else json.dumps(frame), now)
        events = []
        while (event := self.session.next_event()) is not None:
            events.append(event)
        return events

    def hear_call(self, message_id: str, now: float, action: str = "Heartbeat", **payload: Any) -> CallReceived:
        [event] = self.hear([2, message_id, action, payload], now)
        assert isinstance(event, CallReceived)
        return event


def csms(play: Play) -> None:
    """Everything that a recording can hold, seen from the CSMS."""
    session = play.session
    boot = play.hear_call("b1", 1.0, "BootNotification", reason="PowerUp", chargingStation=NAMES)
    session.reply(boot, messages.BootNotificationResponse(current_time=NOW, interval=300, status="Accepted"))
    # answered out of order, and one of them refused
    first, second = play.hear_call("h1", 2.0), play.hear_call("h2", 2.1)
    play.hear([2, "h1", "Heartbeat", {}], 2.2)  # the id of a call still being handled
    session.reply(second, messages.HeartbeatResponse(current_time=NOW))
    session.refuse(first, CallError(ErrorCode.INTERNAL_ERROR, "no clock", {"a": 1.50}))
    # a code, which is masked
    token = play.hear_call("a1", 3.0, "Authorize", idToken={"idToken": SECRET, "type": "KeyCode"})
    info = messages.IdTokenInfoType(status="Invalid", group_id_token=TOKEN)
    session.reply(token, messages.AuthorizeResponse(id_token_info=info))
    # what is not valid, and what nobody waits for
    for frame in ("x", "", "[]", [2, "n", "Nope", {}], [2, "h", "Heartbeat", {"x": 1}], [3, "u", {}], [7, "z"]):
        play.hear(frame, 4.0)
    play.hear([6, "s", "NotifyPeriodicEventStream", {}], 4.0)
    stream = {"id": 1, "pending": 0, "basetime": "2026-01-01T00:00:00Z", "data": [{"t": 0, "v": "1"}]}
    play.hear([6, "s2", "NotifyPeriodicEventStream", stream], 4.0)
    # calls of ours: answered, refused, answered wrongly, rejected, too late, never answered
    reset = messages.ResetRequest(type="Immediate")
    apn = messages.APNType(apn="a", apn_authentication="PAP", apn_password=SECRET, sim_pin=1234)
    profile = messages.NetworkConnectionProfileType(
        ocpp_interface="Any",
        ocpp_transport="JSON",
        message_timeout=30,
        ocpp_csms_url=f"wss://user:{SECRET}@host",
        security_profile=2,
        basic_auth_password=SECRET,
        apn=apn,
    )
    session.call(messages.SetNetworkProfileRequest(configuration_slot=1, connection_data=profile), 5.0)
    session.call(reset, 5.0)  # waits
    play.hear([3, session_id(session), {"status": "Accepted"}], 5.5)
    play.hear([4, session_id(session), "NotSupported", "", {}], 6.0)
    session.call(reset, 7.0)
    play.hear([3, session_id(session), {"status": "Maybe"}], 7.5)
    session.call(messages.DataTransferRequest(vendor_id="v"), 8.0)
    [result] = play.hear([3, session_id(session), {"status": "Accepted", "data": {"password": SECRET}}], 8.5)
    assert isinstance(result, ResultReceived)
    session.reject(result, CallError(ErrorCode.GENERIC_ERROR, "not that"))
    session.call(reset, 9.0, timeout_s=1.0)
    late = session_id(session)
    session.handle_timer(10.0)
    play.hear([3, late, {"status": "Accepted"}], 10.5)
    session.call(reset, 11.0, timeout_s=1.0)
    session.call(reset, 11.0, timeout_s=1.0)
    session.handle_timer(12.0)
    session.call(reset, 13.0)
    play.hear([5, "b1", "GenericError", "", {}], 14.0)


def session_id(session: Session) -> str:
    outstanding = session._calls.outstanding
    assert outstanding is not None
    return outstanding.message_id


def station(play: Play) -> None:
    """The other side, with a gate that opens later."""
    stream = messages.StreamDataElementType(t=0.0, v="1")
    session = play.session
    session.call(
        messages.BootNotificationRequest(
            reason="PowerUp", charging_station=messages.ChargingStationType(model="m", vendor_name="v")
        ),
        0.0,
    )
    play.hear([2, "1", "ClearCache", {}], 1.0)
    play.hear([2, "2", "Reset", {"type": "Immediate"}], 2.0)
    session.send(messages.NotifyPeriodicEventStream(id=1, pending=0, basetime=NOW, data=[stream]))


def closed_to_all_but_reset(action: Any) -> str | None:
    return None if action.name == "Reset" else "expected registration first"


STORIES = [
    pytest.param(csms, "CSMS", {}, id="CSMS"),
    pytest.param(station, "CS", {"gate": closed_to_all_but_reset}, id="CS"),
    pytest.param(lambda play: [play.hear("x", 0.1 * n) for n in range(40)], "CSMS", {}, id="garbage"),
    pytest.param(lambda play: [play.hear([2, "1", "No", {}], 0.0) for _ in range(40)], "CSMS", {}, id="muted"),
    pytest.param(lambda play: None, "CSMS", {}, id="nothing"),
]


def recorded(path: Path, story: Story, side: str, redacted: bool = True, **options: Any) -> Path:
    with Recorder.create(path, redacted=redacted) as recorder:
        story(Play(recorder, side, **options))
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "recording.jsonl"


@pytest.mark.parametrize("redacted", [True, False])
@pytest.mark.parametrize(("story", "side", "options"), STORIES)
def test_the_same_session_does_the_same(
    path: Path, story: Story, side: str, options: dict[str, Any], redacted: bool
) -> None:
    recorded(path, story, side, redacted, **options)
    result = invoke("replay", path, "--side", side)
    assert (result.stdout, result.exit_code) == ("", 0)
    frames = len(path.read_text().splitlines())
    notes = path.read_text().count('"note":')
    left_out = f", {notes} left out" if notes else ""
    assert result.stderr == f"{frames} frames{left_out}, 0 differences\n"
    assert (SECRET in path.read_text()) == (story is csms and not redacted)


@pytest.mark.parametrize(("story", "side", "options"), STORIES[:2])
def test_the_side_is_found_out(path: Path, story: Story, side: str, options: dict[str, Any]) -> None:
    recorded(path, story, side, **options)
    assert find_side(list(read(path))) == side
    assert invoke("replay", path).exit_code == 0
    other = "CS" if side == "CSMS" else "CSMS"
    assert invoke("replay", path, "--side", other).exit_code == 1


def change(path: Path, old: str, new: str, count: int = 1) -> None:
    text = path.read_text()
    assert text.count(old) >= count, text
    path.write_text(text.replace(old, new, count))


def differences(path: Path, side: Role = Role.CSMS, **options: Any) -> list[Difference]:
    return Replay(list(read(path)), side, **options).run()


def one_call(play: Play) -> None:
    call = play.hear_call("h1", 1.0)
    play.session.reply(call, messages.HeartbeatResponse(current_time=NOW))


def test_another_verdict_is_shown_and_what_follows_from_it(path: Path) -> None:
    recorded(path, one_call, "CSMS")
    change(path, '"Heartbeat",{}', '"Heartbeat",{"x":1}')
    answer = '[3,"h1",{"currentTime":"2026-01-01T00:00:00Z"}]'
    refusal = differences(path)[2].now
    assert refusal is not None and refusal.startswith('[4,"h1","FormatViolation","`/x`: expected ')
    assert differences(path) == [
        Difference(1, "verdict", "ok", "refused FormatViolation"),
        Difference(2, "sent", answer, None),
        Difference(2, "sent", None, refusal),
    ]


def test_the_text_is_for_people(path: Path) -> None:
    recorded(path, one_call, "CSMS")
    change(path, '"Heartbeat",{}', '"Heartbeat",{"x":1}')
    result = invoke("replay", path, "--side", "CSMS")
    assert result.exit_code == 1
    assert result.stdout.splitlines()[:5] == [
        f"{path}:1: verdict",
        "  - ok",
        "  + refused FormatViolation",
        f"{path}:2: sent",
        '  - [3,"h1",{"currentTime":"2026-01-01T00:00:00Z"}]',
    ]
    assert result.stderr == "2 frames, 3 differences\n"


def test_json_is_for_programs(path: Path) -> None:
    recorded(path, one_call, "CSMS")
    change(path, '"verdict":"ok"', '"verdict":"dropped \\u001b[31m"')
    result = invoke("replay", path, "--side", "CSMS", "--json")
    assert [json.loads(line) for line in result.stdout.splitlines()] == [
        {"line": 1, "what": "verdict", "recorded": "dropped \x1b[31m", "now": "ok"},
        {"summary": {"frames": 2, "left_out": 0, "differences": 1}},
    ]
    assert (result.stderr, result.exit_code) == ("", 1)
    assert "\x1b" not in invoke("replay", path, "--side", "CSMS").stdout


def test_another_error_code_is_shown_and_another_description_is_not(path: Path) -> None:
    recorded(path, lambda play: play.hear([2, "n", "Nope", {}], 1.0), "CSMS")
    description = json.loads(path.read_text().splitlines()[0])["frame"][3]
    change(path, json.dumps(description)[1:-1], "something else")
    assert differences(path) == []
    change(path, "NotImplemented", "NotSupported", 2)
    assert [
        (each.what, each.recorded and each.recorded[:25], each.now and each.now[:25]) for each in differences(path)
    ] == [
        ("verdict", "refused NotSupported", "refused NotImplemented"),
        ("sent", '[4,"n","NotSupported","so', '[4,"n","NotImplemented","'),
    ]


def test_a_frame_that_is_missing_from_the_recording_is_shown(path: Path) -> None:
    recorded(path, lambda play: play.hear([2, "n", "Nope", {}], 1.0), "CSMS")
    path.write_text(path.read_text().splitlines()[1] + "\n")
    [found] = differences(path)
    assert (found.line, found.what, found.recorded) == (1, "sent", None)
    assert found.now is not None and found.now.startswith('[4,"n","NotImplemented"')


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('"type":"Immediate"', '"type":"Sometime"', "expected `Immediate`"),
        ('"Reset"', '"Heartbeat"', "expected"),
        ('"Reset",{"type":"Immediate"}', '"Heartbeat",{}', "expected a request of the CSMS, found Heartbeat"),
        ('"Reset"', '"Nope"', "expected an action of OCPP 2.1, found `Nope`"),
    ],
)
def test_what_can_no_longer_be_said_is_shown(path: Path, old: str, new: str, expected: str) -> None:
    reset = messages.ResetRequest(type="Immediate")
    recorded(path, lambda play: play.session.call(reset, 1.0, message_id="r"), "CSMS")
    change(path, old, new)
    [found] = differences(path)
    assert found.what == "error" and found.recorded is not None and found.recorded.startswith('[2,"r",')
    assert found.now is not None and expected in found.now


def test_answers_to_nothing_are_shown(path: Path) -> None:
    lines = [
        '"out","verdict":"ok","frame":[3,"u",{}]',
        '"out","verdict":"ok","frame":[4,"u","GenericError","",{}]',
        '"out","verdict":"ok","frame":[5,"u","GenericError","",{}]',
        '"out","verdict":"ok","frame":["no frame"]',  # left out
    ]
    start = '{"time":"2026-01-01T00:00:00Z","at":1,"direction":'
    path.write_text("".join(f"{start}{line}}}\n" for line in lines))
    assert [(each.line, each.what, each.now) for each in differences(path)] == [
        (1, "sent", None),
        (2, "sent", None),
        (3, "sent", None),
    ]


def test_conform_refuses_more(path: Path) -> None:
    token = {"idToken": "a b", "type": "eMAID"}
    recorded(path, lambda play: play.hear([2, "1", "Authorize", {"idToken": token}], 1.0), "CSMS")
    assert invoke("replay", path).exit_code == 0
    assert invoke("replay", path, "--conform").exit_code == 1
    assert differences(path, conform=True)[0].now == "refused PropertyConstraintViolation"


def test_limits_that_were_others_show(path: Path) -> None:
    recorded(path, lambda play: [play.hear_call(str(n), 1.0) for n in range(9)], "CSMS", limits=Limits(serving=9))
    assert [each.what for each in differences(path)] == ["verdict", "sent"]


# What is left out


def test_signed_messages_and_notes_are_left_out(path: Path) -> None:
    signer = KeySigner(ec.generate_private_key(ec.SECP256R1()))

    def signed(action: str, kind: int, payload: bytes) -> Any:
        return json.loads(signer.sign(action, kind, payload))

    frames: list[tuple[Any, Any, str]] = [
        ("out", [4, "s0", "NotImplemented", "", {}], "ok"),  # recorded before what it answers
        ("in", [2, "s0", "Heartbeat-Signed", signed("Heartbeat", 2, b"{}")], "refused NotImplemented"),
        ("in", [2, "s1", "Heartbeat-Signed", signed("Heartbeat", 2, b"{}")], "ok"),
        ("out", [3, "s1", signed("Heartbeat", 3, b"{}")], "ok"),
        ("in", [5, "s1", "GenericError", "", {}], "ok"),
        ("in", [2, "s2", "Heartbeat-Signed", signed("Heartbeat", 2, b"{}")], "ok"),
        ("out", [4, "s2", "GenericError", "", {}], "ok"),
        ("out", [2, "s3", "Reset-Signed", signed("Reset", 2, b'{"type":"Immediate"}')], "ok"),
        ("in", [3, "s3", {"status": "Accepted"}], "ok"),
        ("out", [5, "s3", "GenericError", "", {}], "ok"),
        ("in", [2, "h", "Heartbeat", {}], "ok"),
        ("out", [3, "h", signed("Heartbeat", 3, b"{}")], "ok"),
        ("in", "x", "refused RpcFrameworkError"),
    ]
    with Recorder.create(path) as recorder:
        for direction, frame, verdict in frames:
            text = frame if isinstance(frame, str) else json.dumps(frame)
            recorder(Observation(direction, text, 1.0, verdict))
    result = invoke("replay", path)
    assert (result.stdout, result.stderr) == ("", "13 frames, 11 left out, 0 differences\n")
    assert result.exit_code == 0


# What cannot be read


def test_a_file_that_is_not_there(path: Path) -> None:
    result = invoke("replay", path)
    assert (result.stderr, result.exit_code) == (f"ocpp21: {path}: No such file or directory\n", 2)


def test_a_file_that_is_no_recording(path: Path) -> None:
    path.write_text("x\n")
    result = invoke("replay", path)
    assert (result.stderr, result.exit_code) == (f"ocpp21: {path}: line 1: expected a record in JSON\n", 2)


def test_a_recording_of_either_side(path: Path) -> None:
    def story(play: Play) -> None:
        play.hear("x", 0.5)
        play.hear([2, "0", "Nope", {}], 0.5)
        play.hear([2, "1", "DataTransfer", {"vendorId": "v"}], 1.0)

    recorded(path, story, "CSMS", redacted=False)
    result = invoke("replay", path)
    assert result.stderr == f"ocpp21: {path}: cannot tell who recorded; say it with --side\n"
    assert result.exit_code == 2
    assert invoke("replay", path, "--side", "CS").exit_code == 0
    assert invoke("replay", path, "--side", "X").exit_code == 2


def test_a_recording_that_was_cut_off_is_replayed_as_far_as_it_goes(path: Path) -> None:
    recorded(path, csms, "CSMS")
    data = path.read_bytes()
    for cut in range(1, len(data), 997):
        path.write_bytes(data[:-cut])
        records = list(read(path))
        own_reply = records and records[-1].direction == "out" and (records[-1].data or b"").startswith((b"[4", b"[5"))
        assert own_reply or differences(path) == []


def test_the_command_of_its_own(path: Path) -> None:
    recorded(path, csms, "CSMS")
    done = run("replay", path)
    assert (done.stdout, done.returncode) == (b"", 0)
