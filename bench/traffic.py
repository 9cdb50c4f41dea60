"""The shared data: messages of each block from small to large, messages that grow, and a day of a station."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ocpp21 import codec
from ocpp21.cli.datasets import Dataset, dataset, datasets
from ocpp21.load.scenarios import Reconnect, Scenario, script
from ocpp21.messages.registry import ACTION_OF, ACTIONS, BLOCKS

VECTORS = Path(__file__).parents[1] / "tests" / "vectors"

#: Of the sampled values in a TransactionEvent, for the curve of sizes.
SAMPLES = (1, 3, 10, 30, 100, 300, 1000)


def blocks() -> dict[str, dict[str, Dataset]]:
    """By letter and title of the block: its smallest, its middle and its largest valid request.

    They are the test vectors, which the generator makes of the schemas: from the required members alone to every
    member with the longest texts.
    """
    found = {}
    for block in BLOCKS.values():
        requests: list[tuple[str, bytes]] = []
        for action in ACTIONS.values():
            if action.block is block and action.kind == "CALL":
                requests += [(action.name, line) for line in _valid(action.request.__name__)]
        requests.sort(key=lambda request: len(request[1]))
        if requests:
            places = {"small": 0, "typical": len(requests) // 2, "largest": -1}
            found[f"{block.letter} {block.title}"] = {
                size: dataset(f"{block.letter} {size}", name, json.loads(line))
                for size, (name, line) in ((size, requests[place]) for size, place in places.items())
            }
    return found


def growing() -> list[Dataset]:
    """TransactionEvents with more and more values: from 0.4 kB to 150 kB."""
    (typical,) = [data for name, data in datasets().items() if name == "Transaction"]
    values = typical.value["meterValue"][0]["sampledValue"]
    found = []
    for count in SAMPLES:
        meter = {"timestamp": "2026-01-01T10:20:30Z", "sampledValue": [values[n % len(values)] for n in range(count)]}
        found.append(dataset(f"{count} values", "TransactionEvent", {**typical.value, "meterValue": [meter]}))
    return found


def day() -> Sequence[Dataset]:
    """What a station with one busy connector sends in a day, in no order.

    One boot with a report of its device model, a Heartbeat every five minutes, clock-aligned MeterValues every
    fifteen, and eight transactions with an Authorize, ten events and two statuses each.
    """
    known = datasets()
    dice = random.Random(1)
    found = [known["Boot"], *[known["Report"]] * 4, *[known["Heartbeat"]] * 288]
    found += _steps(Scenario.METERING, "MeterValues", 96, dice)
    found += _steps(Scenario.TRANSACTIONS, None, 8 * 13, dice)
    return found


def _steps(scenario: Scenario, only: str | None, count: int, dice: random.Random) -> Iterator[Dataset]:
    for step in script(scenario, dice, token="04A2B3C4D5E6F7"):
        if isinstance(step, Reconnect):
            continue
        action = ACTION_OF[type(step)].name
        if only is None or action == only:
            yield dataset(action, action, json.loads(codec.encode(step)))
            count -= 1
        if not count:
            return


def _valid(message: str) -> Iterator[bytes]:
    for line in (VECTORS / f"{message}.valid.jsonl").read_bytes().splitlines():
        value: Any = json.loads(line)
        if isinstance(value, dict):
            yield line
