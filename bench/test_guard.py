"""``pytest bench --guard``: a few ratios with generous limits, so that a large loss of speed fails the build.

Each limit leaves room for a factor of about two beside what docs/benchmarks.md shows. A ratio that misses its limit is
measured again, twice: a machine that others use, too, has its moods.
"""

from functools import partial

import orjson
import pytest

from bench.others import line_up
from ocpp21 import codec, framing
from ocpp21.cli.measure import interleave, ratio
from ocpp21.cli.peers import OURS, Job
from ocpp21.messages import TransactionEventResponse
from ocpp21.session import Session

ROUNDS, ATTEMPTS = 15, 3


def judge(work, reference, limit):
    """Fail when the work takes more than so many times as long as the reference, in every attempt."""
    found = []
    for _ in range(ATTEMPTS):
        seconds = interleave({"work": work, "reference": reference}, ROUNDS)
        found.append(ratio(seconds["work"], seconds["reference"]).median)
        if found[-1] <= limit:
            return
    pytest.fail(f"expected a ratio of at most {limit}, found {', '.join(f'{each:.3g}' for each in found)}")


@pytest.mark.parametrize(("name", "limit"), [("Transaction", 0.8), ("Report", 0.8), ("Profiles", 0.8)])
def test_validating_beside_a_parser(data, name, limit):
    dataset = data[name]
    judge(
        partial(codec.validate, type(dataset.request), dataset.payload), partial(orjson.loads, dataset.payload), limit
    )


@pytest.mark.parametrize(("job", "limit"), [(Job.DECODE, 2.2), (Job.ENCODE, 5.0), (Job.FRAMING, 0.15)])
def test_jobs_beside_a_parser(data, job, limit):
    works = line_up(job, data["Transaction"])
    judge(works[OURS], works["orjson"], limit)


@pytest.mark.parametrize(("peer", "limit"), [("jsonschema-rs", 1.2), ("pydantic", 0.6), ("fastjsonschema", 0.3)])
def test_decoding_beside_peers(data, peer, limit):
    works = line_up(Job.DECODE, data["Transaction"])
    judge(works[OURS], works[peer], limit)


def test_the_head_of_a_large_frame_beside_that_of_a_small_one(data):
    judge(partial(framing.parse, data["Profiles"].frame), partial(framing.parse, data["Transaction"].frame), 3.0)


def test_the_session_beside_the_codec(data):
    frame, session, response = data["Transaction"].frame, Session("CSMS"), TransactionEventResponse()

    def serve():
        session.receive(frame, 0.0)
        session.reply(session.next_event(), response)
        session.messages_to_send()

    def bare():
        head, _ = framing.unpack(frame)
        framing.call_result(head.message_id, response)

    judge(serve, bare, 4.0)
