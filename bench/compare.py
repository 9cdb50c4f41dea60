"""Two commits side by side: each is built into a directory of its own, then they are timed in turns."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

from ocpp21.cli.measure import ratio

ROOT = Path(__file__).parents[1]
SCRIPT = Path(__file__).with_name("ours.py")


def compare(base: str, head: str, rounds: int) -> None:
    """Print the time of the second commit over that of the first, for each piece of work."""
    with tempfile.TemporaryDirectory() as directory:
        paths = [_build(commit, Path(directory) / str(number)) for number, commit in enumerate((base, head))]
        turns = []
        for number in range(rounds):
            order = paths[:: -1 if number % 2 else 1]
            found = {path: _measure(path) for path in order}
            turns.append([found[path] for path in paths])
            print(f"round {number + 1} of {rounds}", file=sys.stderr)
    print(f"time at {head} / time at {base}, median of {rounds} rounds")
    for name in turns[0][0]:
        before, after = ([turn[place][name] for turn in turns] for place in (0, 1))
        found = ratio(after, before)
        print(f"{name:24}{found.median:6.2f} ±{found.spread:.0%}")


def _build(commit: str, target: Path) -> Path:
    with _checkout(commit, target.with_suffix(".tree")) as tree:
        command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation"]
        subprocess.run([*command, "--target", target, tree], check=True)
    return target


@contextmanager
def _checkout(commit: str, tree: Path):
    subprocess.run(["git", "worktree", "add", "-q", "--detach", tree, commit], cwd=ROOT, check=True)
    try:
        yield tree
    finally:
        subprocess.run(["git", "worktree", "remove", "--force", tree], cwd=ROOT, check=True)


def _measure(path: Path) -> dict[str, float]:
    """Run the script of this checkout on the library of that one."""
    done = subprocess.run(
        [sys.executable, SCRIPT], env={**os.environ, "PYTHONPATH": str(path)}, cwd=path, check=True, capture_output=True
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found
