"""What checked, typed messages cost beside a bare JSON parser and beside other ways to have them checked."""

from functools import partial

import orjson
import pytest

from ocpp21 import codec, framing
from ocpp21.cli.peers import OURS, Job, contest


@pytest.mark.parametrize("name", ["Transaction", "Report", "LongReport", "Profiles"])
def test_validate_beside_json(benchmark, compare, data, name):
    request, payload = type(data[name].request), data[name].payload
    work = partial(codec.validate, request, payload)
    compare(f"validate / orjson.loads, {name}", work, partial(orjson.loads, payload), limit=0.45, aim=0.33)
    benchmark(work)


def test_unpack_beside_json(benchmark, compare, data):
    frame = data["Transaction"].frame
    work = partial(framing.unpack, frame)
    compare("frame to Struct / orjson.loads(frame)", work, partial(orjson.loads, frame), limit=1.1, aim=1.0)
    benchmark(work)


def test_call_beside_json(benchmark, compare, data):
    works = contest(Job.ENCODE, data["Transaction"])
    compare("Struct to CALL / orjson.dumps of the list", works[OURS], works["orjson"], limit=2.5, aim=1.8)
    benchmark(works[OURS])


@pytest.mark.parametrize(("peer", "limit", "aim"), [("ocpp", 200, 250), ("fastjsonschema", 10, 12)])
def test_unpack_beside_peers(benchmark, compare, data, peer, limit, aim):
    works = contest(Job.DECODE, data["Transaction"])
    text = f"{peer} / ours, frame to checked message"
    compare(text, works[peer], works[OURS], limit=limit, aim=aim, is_least=True)
    benchmark(works[peer])


@pytest.mark.parametrize("name", ["Heartbeat", "Boot", "Transaction", "Report", "LongReport", "Profiles"])
@pytest.mark.parametrize("job", list(Job))
def test_ours(benchmark, data, job, name):
    """No target: absolute times, for comparing runs on one machine."""
    benchmark(contest(job, data[name])[OURS])
