"""The fuzz targets agree with the twins on their own seeds, so that a change does not break them unnoticed."""

from __future__ import annotations

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import payloads
import seeds
import targets


def test_validators() -> None:
    print(f"seed {seeds.SEED}")
    rng = random.Random(seeds.SEED)
    for data in seeds.for_validators():
        targets.validators(data)
        mutant = bytearray(data)
        rng.choice(payloads.MUTATIONS)(rng, mutant)
        targets.validators(bytes(mutant))


def test_frames() -> None:
    print(f"seed {seeds.SEED}")
    rng = random.Random(seeds.SEED)
    for data in seeds.for_framing():
        targets.frames(data)
        mutant = bytearray(data)
        rng.choice(payloads.MUTATIONS)(rng, mutant)
        targets.frames(bytes(mutant))


def test_seeds_are_written_and_always_the_same(tmp_path: Path) -> None:
    seeds.main(str(tmp_path / "one"))
    seeds.main(str(tmp_path / "other"))
    for name in ("validators", "framing"):
        one, other = (sorted((tmp_path / run / name).iterdir()) for run in ("one", "other"))
        assert len(one) > 100
        assert [path.read_bytes() for path in one] == [path.read_bytes() for path in other]
        assert max(path.stat().st_size for path in one) <= seeds.MAX_SIZE
