"""Seeds for the fuzzers, made by the payload generator: ``python tests/fuzz/seeds.py DIRECTORY``.

Writes ``DIRECTORY/validators`` and ``DIRECTORY/framing``; the same seed always gives the same files.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import naive_validator
import payloads

SEED = 20260117

#: Larger inputs slow a fuzzer down and teach it nothing.
MAX_SIZE = 2000


def for_validators() -> Iterator[bytes]:
    """Yield inputs of ``targets.validators``: message, mode, payload."""
    for number, message in enumerate(naive_validator.messages()):
        generator = payloads.Generator(message, SEED)
        for payload in (generator.valid(), generator.valid(), generator.faulty(1), generator.faulty(2)):
            yield bytes([number, len(payload.data) & 1]) + payload.data


def for_framing() -> Iterator[bytes]:
    """Yield inputs of ``targets.frames``: one frame each."""
    rng = random.Random(SEED)
    for message in naive_validator.messages():
        payload = payloads.Generator(message, SEED).valid().data
        action = message.removesuffix("Request").removesuffix("Response").encode()
        space = rng.choice((b"", b" ", b"\t\r\n"))
        yield {
            0: b'[2,"19223201","%b",%b]' % (action, payload),
            1: b'[3, "19223201", %b]' % payload,
            2: b'[4,"19223201","GenericError","text",%b]' % payload,
            3: b'[5,"\\u0031","NotSupported","",{}]',
            4: b'%b[6%b,%b"19223201"%b,"%b",null]%b' % (space, space, space, space, action, space),
        }[rng.randrange(5)]


def write(directory: Path, inputs: Iterator[bytes]) -> int:
    directory.mkdir(parents=True, exist_ok=True)
    small = [data for data in inputs if len(data) <= MAX_SIZE]
    for number, data in enumerate(small):
        (directory / f"{number:04}").write_bytes(data)
    return len(small)


def main(directory: str) -> None:
    root = Path(directory)
    counts = write(root / "validators", for_validators()), write(root / "framing", for_framing())
    print(f"{counts[0]} seeds for the validator, {counts[1]} for the framing in {root}")


if __name__ == "__main__":
    main(*sys.argv[1:])
