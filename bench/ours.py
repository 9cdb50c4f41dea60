"""Times our work on every data set once, and prints JSON; run as a script, with the library on the path."""

import json
import statistics
import sys

from ocpp21.cli.datasets import datasets
from ocpp21.cli.measure import interleave
from ocpp21.cli.peers import OURS, Job, peers


def main() -> None:
    """Print ``{"decode Transaction": seconds, ...}``."""
    (ours,) = [peer for peer in peers() if peer.name == OURS]
    works = {f"{job} {name}": ours.works(data)[job] for name, data in datasets().items() for job in Job}
    seconds = interleave(works, 3)
    json.dump({name: statistics.median(samples) for name, samples in seconds.items()}, sys.stdout)


main()
