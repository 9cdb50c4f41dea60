"""Which lines of the Cython sources do their tests run? Builds with gcov in a temporary directory and reports.

Run as ``python tests/cython_coverage.py``; needs gcc and the test dependencies. Exit status 1 below 95 %.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCES = ROOT / "src/_speedups"
TESTS = ["test_speedups_*.py", "test_codec.py", "test_framing.py", "test_vectors.py"]
ENOUGH = 95.0


def main() -> int:
    """Build, run, report."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        build(work)
        run_tests(work)
        lines = read_lines(work)
    return report(lines)


def build(work: Path) -> None:
    """Build the extensions without optimisation, so that no line disappears, and with counters."""
    for name in ("src", "tests", "schemas", "codegen"):
        shutil.copytree(ROOT / name, work / name, ignore=shutil.ignore_patterns("*.so"))
    for name in ("setup.py", "pyproject.toml"):
        shutil.copy(ROOT / name, work)
    flags = {"OCPP21_LINES": "1", "CFLAGS": "-O0 --coverage", "LDFLAGS": "--coverage"}
    command = [sys.executable, "setup.py", "-q", "build", "--build-lib", "site"]
    subprocess.run(command, cwd=work, env=os.environ | flags, check=True, capture_output=True)


def run_tests(work: Path) -> None:
    """Run the tests of the extensions, but for those that measure time or memory."""
    files = [str(path) for pattern in TESTS for path in sorted((work / "tests").glob(pattern))]
    skipped = "not memory and not linear and not flat and not cost"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", skipped, *files]
    subprocess.run(command, cwd=work, env=os.environ | {"PYTHONPATH": str(work / "site")}, check=True)


def read_lines(work: Path) -> dict[str, dict[int, int]]:
    """How often each line ran, by file; a line of a .pxd counts when any module has run it."""
    counters = [str(path) for path in work.rglob("*.gcda")]
    gcov = subprocess.run(
        ["gcov", "--json-format", "--stdout", *counters], cwd=work, check=True, capture_output=True, text=True
    )
    lines: dict[str, dict[int, int]] = defaultdict(dict)
    for document in map(json.loads, gcov.stdout.splitlines()):
        for file in document["files"]:
            source = SOURCES / Path(file["file"]).name
            if source.suffix in (".pyx", ".pxd") and source.is_file():
                count(lines[source.name], file["lines"], len(source.read_text().splitlines()))
    return lines


def count(lines: dict[int, int], found: list[dict[str, int]], length: int) -> None:
    """Add what gcov found; what lies behind the end of the file is Cython's own code."""
    for line in found:
        number = line["line_number"]
        if number <= length:
            lines[number] = max(lines.get(number, 0), line["count"])


def report(lines: dict[str, dict[int, int]]) -> int:
    """Print a row per file and the total."""
    ran = total = 0
    for name, counts in sorted(lines.items()):
        missing = sorted(number for number, times in counts.items() if times == 0)
        total += len(counts)
        ran += len(counts) - len(missing)
        print(f"{name:20} {len(counts):5} {100 * (1 - len(missing) / len(counts)):6.1f} %  {missing or ''}")
    percent = 100 * ran / total
    print(f"{'total':20} {total:5} {percent:6.1f} %")
    return 0 if percent >= ENOUGH else 1


if __name__ == "__main__":
    sys.exit(main())
