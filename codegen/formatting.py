"""Generated Python laid out with the project's own formatter and settings."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

LINE_LENGTH = 120

_SETTINGS = Path(__file__).parent.parent / "pyproject.toml"


def format_python(files: Mapping[str, str]) -> dict[str, str]:
    """Sort imports, drop those not in use, and lay out.

    Args:
        files: source by file name.
    """
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            (Path(folder) / name).write_text(text, encoding="utf-8")
        format_folder(Path(folder))
        return {name: (Path(folder) / name).read_text(encoding="utf-8") for name in files}


def format_folder(folder: Path) -> None:
    """The same for all modules of a folder, in place."""
    ruff = [sys.executable, "-m", "ruff"]
    options = ["--quiet", "--no-cache", "--config", str(_SETTINGS), str(folder)]
    subprocess.run([*ruff, "check", "--fix", "--select", "I,F401,RUF022", *options], check=True)
    subprocess.run([*ruff, "format", *options], check=True)
