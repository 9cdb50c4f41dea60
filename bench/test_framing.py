"""The head of a frame costs the same whatever its payload weighs."""

from functools import partial

import orjson

from ocpp21 import framing


def _frame(size: int) -> bytes:
    """A CALL of exactly so many bytes; the head does not depend on what the payload holds."""
    head, tail = b'[2,"2f6b1c1e-5d8e-4a60-8b4f-4a5ad3a1c9d4","DataTransfer",{"vendorId":"example","data":"', b'"}]'
    return head + b"x" * (size - len(head) - len(tail)) + tail


def test_parse_of_64_kb_beside_1_kb(benchmark, compare):
    small, large = _frame(1024), _frame(65536)
    compare("parse 64 kB / parse 1 kB", partial(framing.parse, large), partial(framing.parse, small), limit=1.2)
    benchmark(framing.parse, large)


def test_parse_of_64_kb_beside_json_of_1_kb(benchmark, compare, data):
    small = data["Transaction"].frame
    compare(
        "parse 64 kB / orjson.loads 1 kB",
        partial(framing.parse, _frame(65536)),
        partial(orjson.loads, small),
        limit=0.15,
    )
    benchmark(orjson.loads, small)
