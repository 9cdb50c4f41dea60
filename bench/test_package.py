"""What the package costs before it does anything."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ocpp21._speedups import validators

LIMIT = 2_000_000


def _import_time(module: str) -> float:
    """Import a module in a new interpreter; seconds."""
    code = f"from time import perf_counter as now; start = now(); import {module}; print(now() - start)"
    return float(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout)


def test_import_beside_asyncio(benchmark, compare):
    ours, asyncio = [], []
    for _ in range(11):
        ours.append(_import_time("ocpp21"))
        asyncio.append(_import_time("asyncio"))
    compare.judge("import ocpp21 / import asyncio", ours, asyncio, limit=3)
    benchmark.pedantic(_import_time, ["ocpp21"])


@pytest.mark.parametrize("form", ["built", "stripped"])
def test_size_of_the_extensions(compare, tmp_path, form):
    """As built here, and without symbols as wheels carry them; both against 2 MB."""
    files = [shutil.copy(file, tmp_path) for file in Path(validators.__file__).parent.glob("*.so")]
    if form == "stripped":
        subprocess.run(["strip", "--strip-unneeded", *files], check=True)
    size = sum(Path(file).stat().st_size for file in files)
    compare.judge(f"{len(files)} extensions, {form}: {size:,} bytes / 2 MB", [size] * 2, [LIMIT] * 2, limit=1)
