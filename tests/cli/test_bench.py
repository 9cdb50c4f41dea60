"""``ocpp21 bench``, and what it measures with."""

import json

import orjson
import pytest
from command import invoke, run

from ocpp21 import codec, framing
from ocpp21.cli import bench, peers
from ocpp21.cli.datasets import datasets
from ocpp21.cli.measure import Ratio, interleave, ratio
from ocpp21.cli.peers import OURS, Job, Peer, contest

ALL = ["ocpp21", "orjson", "msgspec", "fastjsonschema", "jsonschema", "jsonschema-rs", "ocpp"]


# Data sets


def test_datasets_are_those_that_were_promised():
    found = datasets()
    assert list(found) == ["Heartbeat", "Boot", "Transaction", "Report", "LongReport", "Profiles"]
    assert len(found["LongReport"].payload) >= 64_000
    assert 1000 <= len(found["Transaction"].payload) <= 1200
    assert len(found["Transaction"].request.meter_value[0].sampled_value) == 6
    assert len(found["Report"].request.report_data) == 100
    assert len(found["Profiles"].payload) >= 65536
    schedules = found["Profiles"].request.charging_profile[0].charging_schedule
    assert [len(schedule.charging_schedule_period) for schedule in schedules] == [1024] * 3


@pytest.mark.parametrize("dataset", datasets().values(), ids=lambda dataset: dataset.name)
def test_forms_of_a_dataset_agree(dataset):
    frame, request = framing.unpack(dataset.frame)
    assert (frame.action, request) == (dataset.action.name, dataset.request)
    assert orjson.loads(dataset.payload) == orjson.loads(codec.encode(dataset.request)) == dataset.value


# Measuring


def test_ratio():
    assert ratio([2, 4, 6, 8, 10], [2] * 5) == Ratio(median=3, low=2, high=4)
    assert Ratio(3, 2, 4).spread == pytest.approx(1 / 3)


def test_interleave_takes_turns():
    calls: list[str] = []
    seconds = interleave({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, rounds=4)
    turns = [name for name, before in zip(calls, ["", *calls], strict=False) if name != before]
    # Warming up: a, b. Rounds: ab, ba, ab, ba; where one ends and the next begins alike, the turns run together.
    assert "".join(turns) == "ab" + "aba" + "ba"
    assert {name: len(samples) for name, samples in seconds.items()} == {"a": 4, "b": 4}
    assert all(0 < sample < 1e-3 for samples in seconds.values() for sample in samples)


# Peers


@pytest.mark.parametrize("name", ["Heartbeat", "Boot", "Transaction"])
def test_peers_agree_on_a_job(name):
    dataset = datasets()[name]
    encoded = {peer: json.loads(work()) for peer, work in contest(Job.ENCODE, dataset).items()}
    assert list(encoded) == ALL
    assert all(frame == orjson.loads(dataset.frame) for frame in encoded.values())
    decoded = {peer: work() for peer, work in contest(Job.DECODE, dataset).items()}
    assert list(decoded) == ALL
    assert decoded["ocpp21"][1] == decoded["msgspec"] == dataset.request
    assert set(decoded["ocpp"]) <= set(type(dataset.request).__struct_fields__)
    heads = contest(Job.FRAMING, dataset)
    assert list(heads) == ["ocpp21", "orjson", "msgspec", "ocpp"]
    assert heads["ocpp"]().unique_id == heads["ocpp21"]().message_id == heads["msgspec"]()[1]


@pytest.mark.parametrize("peer", [name for name in ALL if name != "orjson"])
@pytest.mark.parametrize("job", [Job.VALIDATE, Job.DECODE])
def test_peers_do_check(job, peer):
    """Each refuses what is wrong: a peer that checked nothing would look fast."""
    dataset = datasets()["Boot"]
    broken = dataset._replace(
        payload=dataset.payload.replace(b'"PowerUp"', b'"Nothing"'),
        frame=dataset.frame.replace(b'"PowerUp"', b'"Nothing"'),
    )
    (work,) = (each.works(broken)[job] for each in peers.peers() if each.name == peer)
    with pytest.raises(Exception, match=r"reason|Nothing"):
        work()


def test_peer_that_is_missing_has_no_version():
    assert Peer("no-such-peer", ("no_such_module",), lambda data: {}).version is None
    assert Peer("no-such-peer", ("json", "no_such_module"), lambda data: {}).version is None


# The command


def test_table():
    result = run("bench", "--rounds", "3", "--data", "Heartbeat", "--data", "Transaction", "--job", "validate")
    assert (result.returncode, result.stderr) == (0, b"")
    text = result.stdout.decode()
    assert text.startswith("validate: payload bytes to verdict")
    assert "decode" not in text
    rows = [line.split() for line in text.splitlines() if line.startswith("│")]
    assert [row[1] for row in rows] == ALL
    assert rows[0][4] in ("ns", "µs") and rows[1][4].startswith("±")
    assert "CPython" in text or "PyPy" in text
    assert "Not installed" not in text
    assert all(len(line.rstrip()) <= 80 for line in text.splitlines())


def test_all_jobs_and_data_by_default(monkeypatch):
    monkeypatch.setattr(peers, "peers", lambda: (Peer(OURS, ("ocpp21",), peers._ours),))
    found = json.loads(invoke("bench", "--rounds", "3", "--json").stdout)
    assert {(result["job"], result["data"]) for result in found["results"]} == {
        (job, name) for job in Job for name in datasets()
    }


def test_json():
    result = invoke("bench", "--rounds", "3", "--data", "Boot", "--job", "framing", "--json")
    found = json.loads(result.stdout)
    assert list(found["machine"]["versions"]) == ALL
    assert found["rounds"] == 3
    ours, orjson, *_ = found["results"]
    assert ours | {"seconds": 0} == {
        "job": "framing",
        "data": "Boot",
        "size": len(datasets()["Boot"].frame),
        "peer": "ocpp21",
        "seconds": 0,
        "ratio": 1,
        "low": 1,
        "high": 1,
    }
    assert 0 < orjson["low"] <= orjson["ratio"] <= orjson["high"]


def test_nothing_is_said_of_missing_peers_when_there_are_none():
    assert "Not installed" not in invoke("bench", "--rounds", "3", "--data", "Boot", "--job", "framing").stdout


def test_missing_peers_are_named(monkeypatch):
    some = (*peers.peers()[:2], Peer("no-such-peer", ("no_such_module",), lambda data: {}))
    monkeypatch.setattr(peers, "peers", lambda: some)
    monkeypatch.setattr(bench, "peers", lambda: some)
    result = invoke("bench", "--rounds", "3", "--data", "Report", "--job", "encode", "--job", "framing")
    assert result.exit_code == 0
    assert "Not installed: no-such-peer." in result.stdout
    assert "fastjsonschema" not in result.stdout


@pytest.mark.parametrize(
    ("seconds", "text"), [(1.5e-7, "150 ns"), (1.234e-6, "1.23 µs"), (0.0123, "12.3 ms"), (1.5, "1500 ms")]
)
def test_times_are_readable(seconds, text):
    assert bench._time(seconds) == text


@pytest.mark.parametrize(
    "arguments", [("--rounds", "2"), ("--job", "nothing"), ("--data", "nothing"), ("--rounds", "x"), ("extra",)]
)
def test_wrong_usage(arguments):
    result = invoke("bench", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr
