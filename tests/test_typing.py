"""What type checkers make of our classes: the response follows from the request, under mypy strict and pyright."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SUBJECTS = sorted((ROOT / "tests" / "typing").glob("*.py"))

Findings = dict[int, str]

ERROR = "error"


def expected(subject: Path) -> Findings:
    """By line: the type that is to be revealed there, or ``error``."""
    lines = subject.read_text(encoding="utf-8").splitlines()
    marked = {number: line.partition("  # ") for number, line in enumerate(lines, start=1)}
    return {number: comment for number, (code, mark, comment) in marked.items() if mark}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The subjects beside the package as it is installed, whatever way it is installed here."""
    folder = tmp_path_factory.mktemp("project")
    package = folder / "lib" / "ocpp21"
    shutil.copytree(ROOT / "src" / "ocpp21", package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "src" / "_speedups", package / "_speedups", ignore=shutil.ignore_patterns("*.so", "*.pyx"))
    for subject in SUBJECTS:
        shutil.copy(subject, folder)
    return folder


def run(project: Path, *command: str) -> str:
    return subprocess.run([sys.executable, "-m", *command], cwd=project, capture_output=True, text=True).stdout


def mypy(project: Path, subject: str) -> Findings:
    settings = project / "mypy.ini"
    settings.write_text("[mypy]\nstrict = True\nmypy_path = lib\nfollow_imports = silent\n", encoding="utf-8")
    found: Findings = {}
    for line in run(project, "mypy", "--no-incremental", subject).splitlines():
        if match := re.match(rf'{subject}:(\d+): (?:error|note: Revealed type is "(.*)")', line):
            found[int(match[1])] = re.sub(r"\b(?:\w+\.)+(?=\w)", "", match[2] or ERROR)
    return found


def pyright(project: Path, subject: str) -> Findings:
    settings = {"include": [subject], "extraPaths": ["lib"], "typeCheckingMode": "strict"}
    (project / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    report = json.loads(run(project, "pyright", "--outputjson", "--pythonpath", sys.executable))
    found: Findings = {}
    for item in report["generalDiagnostics"]:
        if item["severity"] in ("error", "information"):
            revealed = re.fullmatch(r'Type of ".*" is "(.*)"', item["message"])
            found[item["range"]["start"]["line"] + 1] = revealed[1] if revealed else ERROR
    return found


CHECKERS = [checker for checker in (mypy, pyright) if importlib.util.find_spec(checker.__name__)]


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.stem)
@pytest.mark.parametrize("checker", CHECKERS, ids=lambda checker: checker.__name__)
def test_types_are_revealed_and_misuse_is_refused(
    checker: Callable[[Path, str], Findings], project: Path, subject: Path
) -> None:
    assert checker(project, subject.name) == expected(subject)
