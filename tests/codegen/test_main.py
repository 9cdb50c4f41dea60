"""``python -m codegen``: writing, checking, importing; its exit status and what it says."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
from pathlib import Path

import published
import pytest
import tiny

from codegen.__main__ import digest, generate, main
from codegen.load import load_schemas

ROOT = Path(__file__).parents[2]

VALUES = '[Tones]\ntext = "Tones."\nfield = "Shout.tone"\n[Tones.values]\nLow = ""\n'

CATALOGUE = Path("src/ocpp21/device_model/catalogue.py")
NOISE = Path("src/ocpp21/messages/noise.py")
DRIFTED = "generated files have drifted; run `python -m codegen` and commit what it writes\n"


def contents(root: Path) -> dict[Path, bytes]:
    return {path.relative_to(root): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout of the tiny standard, with all that is generated written."""
    (tmp_path / "schemas").mkdir()
    for name, schema in tiny.SCHEMAS.items():
        (tmp_path / "schemas" / f"{name}.json").write_text(json.dumps(schema), encoding="utf-8")
    (tiny.write_facts(tmp_path / "codegen") / "values.toml").write_text(VALUES, encoding="utf-8")
    assert main([], tmp_path) == 0
    return tmp_path


@pytest.mark.parametrize("seed", ["0", "20260131"])
def test_the_tree_is_what_the_schemas_say(seed: str) -> None:
    """No drift, under any order of hashing."""
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    command = [sys.executable, "-m", "codegen", "--check"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_published_files_give_the_same_code() -> None:
    assert main(["--check", "--schemas", str(published.DIRECTORY)]) == 0


def test_layout_and_prose_do_not_count(tmp_path: Path) -> None:
    schemas = load_schemas(published.DIRECTORY)
    assert digest(schemas) == digest(load_schemas(ROOT / "schemas"))
    del schemas["ResetRequest"]["required"]
    assert digest(schemas) != digest(load_schemas(ROOT / "schemas"))


def test_two_runs_are_equal(root: Path) -> None:
    schemas = load_schemas(root / "schemas")
    files = generate(schemas, root / "codegen")
    assert generate(schemas, root / "codegen") == files
    assert {path: (root / path).read_text(encoding="utf-8") for path in files} == files


def test_a_second_write_touches_nothing(root: Path) -> None:
    before = {path: (root / path).stat().st_mtime_ns for path in contents(root)}
    assert main([], root) == 0
    assert {path: (root / path).stat().st_mtime_ns for path in contents(root)} == before


def test_check_passes_on_what_was_written(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = contents(root)
    assert main(["--check"], root) == 0
    assert capsys.readouterr() == ("", "")
    assert contents(root) == before


@pytest.mark.parametrize(
    "path",
    [NOISE, Path("src/_speedups/schema_tables.h"), CATALOGUE, Path("tests/vectors/Shout.valid.jsonl")],
    ids=lambda path: path.name,
)
def test_check_fails_on_a_changed_and_on_a_missing_file(
    root: Path, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = contents(root)
    (root / path).write_text("changed", encoding="utf-8")
    assert main(["--check"], root) == 1
    assert capsys.readouterr() == ("", f"{path}: differs\n{DRIFTED}")
    (root / path).unlink()
    assert main(["--check"], root) == 1
    assert capsys.readouterr() == ("", f"{path}: missing\n{DRIFTED}")
    assert main([], root) == 0
    assert contents(root) == good


@pytest.mark.parametrize("path", ["src/ocpp21/messages/gone.py", "tests/vectors/Gone.valid.jsonl"])
def test_check_fails_on_a_left_over_file(root: Path, path: str, capsys: pytest.CaptureFixture[str]) -> None:
    good = contents(root)
    (root / path).write_text("", encoding="utf-8")
    assert main(["--check"], root) == 1
    assert capsys.readouterr() == ("", f"{path}: left over\n{DRIFTED}")
    assert main([], root) == 0
    assert contents(root) == good


def test_compiled_python_and_other_folders_are_left_alone(root: Path) -> None:
    kept = [root / NOISE.parent / "noise.pyc", root / "src" / "_speedups" / "walk.pyx", root / "schemas" / "README.md"]
    for path in kept:
        path.write_text("", encoding="utf-8")
    assert main(["--check"], root) == 0
    assert main([], root) == 0
    assert all(path.is_file() for path in kept)


def test_import_fills_the_schemas(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("checkout")
    assert main(["import", str(root / "schemas")], other) == 0
    assert load_schemas(other / "schemas") == tiny.SCHEMAS


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("schemas/Shout.json", '"required"', '"pattern"', "Shout.json: /: unknown keyword 'pattern' (in use here: "),
        (
            "schemas/Shout.json",
            '"Low"',
            '"Middle"',
            "Shout.json: /definitions/ToneEnumType: differs from the definition",
        ),
        ("schemas/Shout.json", "{", "", "Shout.json: /: cannot be read as JSON: "),
        ("codegen/catalogue.toml", "Shout", "Whisper", "catalogue.toml: /actions/Whisper: there is no Whisper.json"),
        ("codegen/wording.toml", 'at = "When."', "", "wording.toml: /SpotType/at: has no line"),
        ("codegen/values.toml", "[Tones]", "[Tones", "values.toml: /: cannot be read as TOML: "),
        (
            "codegen/device-model.csv",
            "OptionList",
            "Option",
            "device-model.csv: /2/data_type: expected one of ",
        ),
    ],
)
@pytest.mark.parametrize("arguments", [[], ["--check"]], ids=["write", "check"])
def test_bad_input_stops_the_run_with_file_and_place(
    root: Path, arguments: list[str], file: str, old: str, new: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (root / file).read_text(encoding="utf-8")
    (root / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    before = contents(root)
    assert main(arguments, root) == 2
    out, error = capsys.readouterr()
    assert out == "" and error.startswith(message) and error.count("\n") == 1
    assert contents(root) == before


def test_a_missing_schema_stops_the_run(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "schemas" / "PingResponse.json").unlink()
    assert main([], root) == 2
    assert capsys.readouterr().err == "catalogue.toml: /actions/Ping: there is no PingResponse.json\n"


@pytest.mark.parametrize("arguments", [["--schemas"], ["import"]], ids=" ".join)
def test_a_missing_folder_stops_the_run(root: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*arguments, str(root / "nowhere")], root) == 2
    assert capsys.readouterr().err == f"{root / 'nowhere'}: /: no schema files (*.json) here\n"


def test_it_runs_as_a_module(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "argv", ["codegen", "--check", "--schemas", str(tmp_path)])
    with pytest.raises(SystemExit) as caught:
        runpy.run_path(str(ROOT / "codegen" / "__main__.py"), run_name="__main__")
    assert caught.value.code == 2
