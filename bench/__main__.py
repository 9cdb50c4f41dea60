"""``python -m bench report``, ``python -m bench compare``."""

from __future__ import annotations

import argparse
from pathlib import Path

from bench.compare import compare
from bench.report import SECTIONS, write_report

DOCS = Path(__file__).parents[1] / "docs"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the library beside its peers.")
    commands = parser.add_subparsers(required=True)
    report = commands.add_parser("report", help="measure everything and write docs/benchmarks.md with its charts")
    report.add_argument("--rounds", type=int, default=15, help="samples of each piece of work (default: 15)")
    report.add_argument("--only", choices=SECTIONS, action="append", help="measure only this; prints, writes nothing")
    report.add_argument("--out", type=Path, default=DOCS, help="directory to write to (default: docs)")
    report.set_defaults(run=lambda options: write_report(options.out, options.rounds, options.only))
    other = commands.add_parser("compare", help="measure two commits in turns, each built on its own")
    other.add_argument("base", help="commit, such as main")
    other.add_argument("head", nargs="?", default="HEAD", help="commit (default: HEAD)")
    other.add_argument("--rounds", type=int, default=7, help="turns (default: 7)")
    other.set_defaults(run=lambda options: compare(options.base, options.head, options.rounds))
    options = parser.parse_args()
    options.run(options)


main()
