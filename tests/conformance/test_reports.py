"""Reports, the command line and the pytest plugin."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from ocpp21.cli.app import app
from ocpp21.conformance import Result, Verdict, reports
from tests.conformance.scripted import ScriptedStation, case, expect, play, step
from tests.conformance.table import DOCUMENT, document

STEPS = [step(1, "TS", "ClearCacheRequest"), step(2, "SUT", "ClearCacheResponse")]


@pytest.fixture(scope="module")
def results() -> list[Result]:
    text = case(
        title="a <b>", steps=STEPS, expect=[expect(2, "ClearCacheResponse", "status == Accepted", "note: look")]
    )
    return [
        play(ScriptedStation({"ClearCacheRequest": {"status": "Accepted"}}), text),
        play(ScriptedStation({"ClearCacheRequest": {"status": "Rejected"}}), text),
        play(ScriptedStation(), case(steps=[step(1, "manual", "dance")])),
    ]


def test_lines(results: list[Result]) -> None:
    assert reports.result_line(results[0]) == "pass           TC_X_01_CS      a <b>"
    assert reports.result_line(results[1]).endswith("a <b>: step 2: expected status == Accepted, found 'Rejected'")
    assert reports.summary(results) == "1 pass, 1 fail, 1 inconclusive"
    assert reports.summary([]) == "no case"


def test_json(results: list[Result]) -> None:
    records = json.loads(reports.json_report(results))
    assert [record["verdict"] for record in records] == ["pass", "fail", "inconclusive"]
    assert (records[1]["place"], records[1]["found"]) == ("step 2", "'Rejected'")
    assert records[0]["unchecked"] == ["step 2: look"]
    assert {entry["kind"] for entry in records[0]["log"]} == {"in", "out", "note"}


def test_junit(results: list[Result]) -> None:
    suite = ElementTree.fromstring(reports.junit_report(results))
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("3", "1", "1")
    assert [test[0].tag for test in suite if len(test)] == ["failure", "skipped"]


def test_html(results: list[Result]) -> None:
    page = reports.html_report(results)
    assert "a &lt;b&gt;" in page and "a <b>" not in page
    assert page.count('<ol class="sequence"') == 2


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["conform", *arguments])
    return result.exit_code, result.output


def test_the_command_plays_and_writes(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("r.json", "r.xml", "r.html")]
    options = ("--cases", "TC_B_06", "--json", str(files[0]), "--junit", str(files[1]), "--html", str(files[2]))
    code, output = run("station", "own", *options)
    assert (code, output.splitlines()[-1]) == (0, "1 pass")
    assert all(file.stat().st_size for file in files)
    assert run("csms", "own", "--cases", "TC_B_01*")[0] == 0


def test_a_fail_is_exit_code_1() -> None:
    code, output = run("station", "own", "--cases", "TC_B_15_CS")
    assert (code, output.splitlines()[-1]) == (1, "1 fail")


def test_the_list() -> None:
    code, output = run("list", "--use-case", "P01", "--role", "CS")
    assert code == 0 and output.startswith("TC_P_01_CS")
    assert "not playable: " in run("list", "--cases", "TC_A_19_CS")[1]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("station", "own", "--cases", "TC_X*"), "expected the id of a test case for a CS, found 'TC_X*'"),
        (("station", "nowhere"), "expected an address to listen on such as 127.0.0.1:9000, found 'nowhere'"),
        (("csms", "ws://127.0.0.1:1", "--cases", "TC_B_01*"), "ws://127.0.0.1:1: "),
        (("csms", "http://127.0.0.1:1", "--cases", "TC_B_01*"), "http://127.0.0.1:1: "),
        (("list", "--role", "EV"), "expected CS or CSMS for --role, found 'EV'"),
        (("list", "--profile", "Nothing"), "expected a profile ("),
        (("station", "own", "--config", "missing.toml"), "missing.toml: expected a TOML file, found "),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments: tuple[str, ...], error: str) -> None:
    code, output = run(*arguments)
    assert code == 2
    assert output.startswith(f"ocpp21: {error}") and output.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("[sation]", "expected station, times, claims or security, found 'sation' (did you mean station?)"),
        ("[station]\nvalid = 3", 'expected valid = { id = "...", type = "..." }, found 3'),
        ("[station]\nidentity = 3", "expected identity to be like 'CS001', found 3"),
        ("[times]\nsettle = 3", "expected one of back_off_s, "),
        (
            "[claims]\nfeature = []",
            "expected profiles, features, answers, evses or everything in [claims], found 'feature' (did you mean",
        ),
        ('[claims]\nfeatures = ["C-99"]', "expected a feature that conditions name, found 'C-99'"),
        ('[claims]\nprofiles = ["Cor"]', "expected a profile ("),
    ],
)
def test_a_typo_in_the_configuration(tmp_path: Path, text: str, error: str) -> None:
    file = tmp_path / "station.toml"
    file.write_text(text)
    code, output = run("station", "own", "--config", str(file))
    assert (code, output.startswith(f"ocpp21: {file}: {error}")) == (2, True), output


def test_the_plugin(pytester: pytest.Pytester) -> None:
    options = ("-p", "ocpp21.conformance.plugin", "-n0", "-p", "no:hypothesispytest")
    patterns = [part for one in ("TC_B_06_CS", "TC_B_15_CS", "TC_A_05_CS") for part in ("--ocpp-cases", one)]
    outcome = pytester.runpytest_inprocess(*options, "--ocpp-station", "own", *patterns)
    outcome.assert_outcomes(passed=1, failed=1, skipped=1)
    outcome.stdout.fnmatch_lines(["*step 2: expected status == NotSupported, found 'Accepted'"])
    outcome = pytester.runpytest_inprocess(*options, "--ocpp-csms", "own", "--ocpp-cases", "TC_B_0*")
    outcome.assert_outcomes(passed=4)
    outcome = pytester.runpytest_inprocess(*options, "--ocpp-csms", "own", "--ocpp-cases", "TC_X*")
    assert outcome.ret == pytest.ExitCode.USAGE_ERROR
    outcome.stderr.fnmatch_lines(["*expected the id of a test case for a CSMS, found 'TC_X*'"])


def test_the_table_of_the_document_is_up_to_date() -> None:
    assert DOCUMENT.read_text("utf-8") == document(), "run python -m tests.conformance.table"


def test_not_applicable_and_inconclusive_are_told_apart() -> None:
    assert {str(verdict) for verdict in Verdict} == {"pass", "fail", "inconclusive", "not applicable"}
