"""``ocpp21 conform``: what it refuses before it begins, several systems at once, and how it is ended early."""

from __future__ import annotations

import asyncio
import json
import queue
import shlex
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from command import invoke
from sockets import HANG_S, Program, served
from websockets.asyncio.server import serve as websocket_serve
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from ocpp21.asyncio.roles import serve_roles
from ocpp21.conformance import Configuration
from ocpp21.conformance.drivers.simulator import SimulatorDriver
from ocpp21.csms import CSMS, MemoryStore, Settings
from tests.conformance.maker import Answering, acting_through

Answer = Callable[[dict[str, Any]], tuple[int, str]]


@contextmanager
def service(answer: Answer) -> Iterator[str]:
    """A service for the HTTP driver; gives its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, text = answer(body)
            with suppress(ConnectionError):  # nobody waits for it any more
                self.send_response(status)
                self.end_headers()
                self.wfile.write(text.encode())

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def refuse(body: dict[str, Any]) -> tuple[int, str]:
    return 501, "not here"


def free_address() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"127.0.0.1:{server.getsockname()[1]}"


# What is refused, in one line, before anything is run


def check_refused(error: str, *arguments: object) -> None:
    result = invoke("conform", *arguments)
    assert (result.exit_code, result.output.count("\n")) == (2, 1), result.output
    assert result.output.startswith(f"ocpp21: {error}"), result.output


TAKEN = "127.0.0.1:9000"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (
            "station own --cases TC_B_6_CS",
            "expected the id of a test case for a CS, found 'TC_B_6_CS' (did you mean TC_",
        ),
        ("station own --cases TC_B_06_CSMS", "expected the id of a test case for a CS, found 'TC_B_06_CSMS' (did you"),
        ("station own --cases TC_B_06 --cases Z*", "expected the id of a test case for a CS, found 'Z*'\n"),
        ("station", "expected an address, on the command line or for each [[station]] of the configuration"),
        ("station 127.0.0.1:0", "expected an address to listen on such as 127.0.0.1:9000, found '127.0.0.1:0'"),
        ("station 127.0.0.1:99999", "expected an address to listen on such as 127.0.0.1:9000, found '127.0.0.1:99999'"),
        ("station ws://127.0.0.1:9000/x", "expected an address to listen on such as 127.0.0.1:9000, found 'ws://127"),
        (f"station {TAKEN} {TAKEN}", f"expected each system to have an address of its own, found {TAKEN} 2 times"),
        (
            f"station {TAKEN} ws://{TAKEN}/",
            f"expected each system to have an address of its own, found {TAKEN} 2 times",
        ),
        ("csms ws://a ws://A/", "expected each system to have an address and identity of its own, found ws://"),
        (f"station own {TAKEN}", "expected own alone, found it beside other addresses"),
        ("station own own", "expected own alone, found it beside other addresses (--jobs plays several at once)"),
        (f"station {TAKEN} --jobs 2", "expected --jobs with own only: other systems are as many as their addresses"),
        ("station own --driver http://127.0.0.1:1", "expected no driver beside own, which has one of its own"),
        (f"station {TAKEN} --driver nowhere", "expected the URL of a driver such as http://127.0.0.1:8000, found 'no"),
        (f"station {TAKEN} --driver http://a --driver http://b", "expected one driver, or one for each of 1 systems"),
        (
            "station 127.0.0.1:9000 127.0.0.1:9001 --driver http://a",
            "expected a driver or an identity for each system alone, found CS001 2 times",
        ),
        ("station 127.0.0.1:9000 --driver http://127.0.0.1:1", "driver at http://127.0.0.1:1/: "),
        ("station 203.0.113.1:9000", "203.0.113.1:9000: "),
        ("csms ws://127.0.0.1:1", "ws://127.0.0.1:1: "),
        ("csms nowhere", "nowhere: "),
        ("csms ws://127.0.0.1:1 --driver http://127.0.0.1:1", "driver at http://127.0.0.1:1/: start: "),
        ("station own --config missing.toml", "missing.toml: expected a TOML file, found No such file or directory"),
        ("list --cases TC_Z*", "expected the id of a test case, found 'TC_Z*'"),
    ],
)
def test_bad_input(arguments: str, error: str, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    more = () if arguments.startswith("list") else ("--json", report)
    check_refused(error.removesuffix("\n"), *arguments.split(), *more)
    assert not report.exists()


def test_an_address_in_use() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        check_refused(f"{address}: ", "station", address)
        check_refused(f"{address}: ", "station", free_address(), address)


@pytest.mark.parametrize("status", [401, 403, 404, 503])
def test_a_csms_that_lets_nobody_in(status: int, tmp_path: Path) -> None:
    async def serve() -> Any:
        def refuse(connection: Any, request: Any) -> Any:
            return connection.respond(status, "no\n")

        return await websocket_serve(lambda _: None, "127.0.0.1", 0, process_request=refuse)  # type: ignore[arg-type, return-value]

    report = tmp_path / "report.json"
    with served(serve) as url:
        check_refused(f"{url}: the CSMS refuses with HTTP status {status} ", "csms", url, "--json", report)
    assert not report.exists()


@pytest.mark.parametrize("kind", ["--json", "--junit", "--html"])
def test_a_report_that_cannot_be_written_is_found_before_the_run(kind: str, tmp_path: Path) -> None:
    check_refused(f"{tmp_path}: Is a directory", "station", "own", "--cases", "TC_B_06", kind, tmp_path)
    missing = tmp_path / "missing" / "report"
    check_refused(f"{missing}: No such file or directory", "station", "own", kind, missing)


def test_a_report_in_the_place_of_another() -> None:
    check_refused(
        "expected a file of its own for each report, found r twice", "station", "own", "--json", "r", "--html", "./r"
    )


def test_an_old_report_stays_when_nothing_was_run(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    report.write_text("old")
    check_refused("ws://127.0.0.1:1: ", "csms", "ws://127.0.0.1:1", "--json", report)
    assert report.read_text() == "old"


def test_a_disk_that_is_full_at_the_end(tmp_path: Path) -> None:
    other = tmp_path / "report.html"
    result = invoke("conform", "station", "own", "--cases", "TC_B_06", "--json", "/dev/full", "--html", other)
    assert result.exit_code == 2
    assert result.output.splitlines()[-1] == "ocpp21: /dev/full: No space left on device"
    assert other.stat().st_size


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("station = 3", "expected a table [station], found 3"),
        ("times = 3", "expected a table [times], found 3"),
        ("claims = []", "expected a table [claims], found []"),
        ("station = []", "expected a table [[station]] for each station, found none"),
        ("[station]\nidentity = ''", "expected identity to be the name of a station, found ''"),
        ("[station]\nadress = 'a:1'", "expected one of a"),
        ("[station]\naddress = 3", "expected address to be like '', found 3"),
        ("[station]\nmessage_timeout_s = 3", "expected one of a"),
        ("[station]\nevses = []", "expected evses to be a list of numbers of connectors, found []"),
        ("[station]\nevses = [1, 'a']", "expected evses to be a list of numbers of connectors, found [1, 'a']"),
        ("[station]\nevse_id = 2", "expected evse_id to be one of the EVSEs 1 to 1, found 2"),
        ("[station]\nconnector_id = 2", "expected connector_id to be one of 1 to 1 of EVSE 1, found 2"),
        ("[station]\nevse_id = true", "expected evse_id to be like 1, found True"),
        ("[station]\nvalid = { id = 3 }", 'expected valid = { id = "...", type = "..." }, found {\'id\': 3}'),
        ("[station]\nvalid = { id = '' }", "expected valid = { id = \"...\", type = \"...\" }, found {'id': ''}"),
        ("[times]\nsettle_s = 0", "expected settle_s to be above 0 and at most 604800 s, found 0"),
        ("[times]\nsettle_s = nan", "expected settle_s to be above 0 and at most 604800 s, found nan"),
        ("[times]\nsettle_s = inf", "expected settle_s to be above 0 and at most 604800 s, found inf"),
        ("[times]\nsettle_ms = 1", "expected one of back_off_s, "),
        ("[times]\nback_off_s = 1.5", "expected back_off_s to be like 10, found 1.5"),
        ("[claims]\nprofiles = 3", "expected profiles in [claims] to be a list of names, found 3"),
        ("[claims]\nprofiles = 'Core'", "expected profiles in [claims] to be a list of names, found 'Core'"),
        ("[claims]\nfeatures = [3]", "expected features in [claims] to be a list of names, found [3]"),
        ("[claims]\nfeatures = ['C-3O']", "expected a feature that conditions name, found 'C-3O' (did you mean "),
        ("[claims]\nprofiles = ['Cor']", "expected a profile (Advanced Security, "),
        ("[claims]\nevses = 'two'", "expected evses in [claims] to be a number of EVSEs, found 'two'"),
        ("[claims]\neverything = 1", "expected everything in [claims] to be true or false, found 1"),
        ("[[station]]\n[[station]]", "expected an address ("),
    ],
)
def test_a_slip_in_the_configuration(tmp_path: Path, text: str, error: str) -> None:
    file = tmp_path / "station.toml"
    file.write_text(text)
    check_refused(f"{file}: {error}", "station", "own", "--config", file)


# Several at once

TWO = """
[[station]]
address = "{first}"
identity = "CS-A"
driver = "{first_driver}"

[[station]]
address = "{second}"
identity = "CS-B"
driver = "{second_driver}"

[times]
settle_s = 0.2

[claims]
everything = true
"""

CASES = tuple(part for number in ("06", "09", "10", "12", "13") for part in ("--cases", f"TC_B_{number}"))


PLUGIN = ("-p", "ocpp21.conformance.plugin")


def test_our_own_several_times(tmp_path: Path) -> None:
    report, junit = tmp_path / "report.json", tmp_path / "report.xml"
    names = [part for one in ("TC_B_15", "TC_B_06", "TC_B_09", "TC_A_19") for part in ("--cases", one)]
    result = invoke("conform", "station", "own", "--jobs", 3, *names, "--json", report, "--junit", junit)
    assert result.exit_code == 1
    records = {record["id"]: record for record in json.loads(report.read_text())}
    assert list(records) == sorted(records)
    assert {record["verdict"] for record in records.values()} == {"pass", "fail", "inconclusive"}
    for record in records.values():
        assert bool(record["system"]) == (record["verdict"] != "inconclusive")
        assert f"{record['id']:15} {record['title']}{' at own ' if record['system'] else ''}" in result.output
    assert {record["system"] for record in records.values()} <= {"", "own 1", "own 2", "own 3"}
    again = records["TC_B_15_CS"]["again"]
    assert f"again: {again}\n" in result.output
    assert again == "ocpp21 conform station own --cases TC_B_15_CS"
    alone = invoke(*shlex.split(again)[1:])
    assert (alone.exit_code, alone.output.splitlines()[-1]) == (1, "1 fail")
    told = {test.get("name", "")[:10]: test.findtext("system-out") for test in ElementTree.parse(junit).getroot()}
    assert told["TC_B_15_CS"] == f"at {records['TC_B_15_CS']['system']}\nagain: {again}"


def test_two_stations_of_a_file_each_with_its_service(tmp_path: Path) -> None:
    """Our station twice, in real time, over real sockets, each behind a service of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    seen: dict[str, list[dict[str, Any]]] = {"CS-A": [], "CS-B": []}
    epoch = datetime.now(UTC) - timedelta(seconds=loop.time())

    def through(told: Answering) -> Answer:
        return lambda body: asyncio.run_coroutine_threadsafe(told(body), loop).result(HANG_S)

    def station(identity: str) -> Answer:
        driver = SimulatorDriver(Configuration(identity=identity), epoch=epoch)
        return through(acting_through(driver, seen[identity]))

    addresses = free_address(), free_address()
    report = tmp_path / "report.json"
    try:
        with service(station("CS-A")) as first_driver, service(station("CS-B")) as second_driver:
            file = tmp_path / "two.toml"
            drivers = {"first_driver": first_driver, "second_driver": second_driver}
            file.write_text(TWO.format(first=addresses[0], second=addresses[1], **drivers))
            result = invoke("conform", "station", "--config", file, *CASES, "--json", report)
            assert result.exit_code == 0, result.output
            records = json.loads(report.read_text())
            assert {record["system"] for record in records} == set(addresses)
            again = shlex.split(records[0]["again"])
            assert again[:4] == ["ocpp21", "conform", "station", records[0]["system"]]
            alone = invoke(*again[1:])
            assert (alone.exit_code, alone.output.splitlines()[-1]) == (0, "1 pass"), alone.output
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
    for identity, address in zip(seen, addresses, strict=True):
        assert {body["url"] for body in seen[identity] if body["deed"] == "start"} == {f"ws://{address}"}
        assert {body["identity"] for body in seen[identity]} == {identity}


def test_addresses_and_identities_pick_from_the_file(tmp_path: Path) -> None:
    file = tmp_path / "two.toml"
    one, two = free_address(), free_address()
    with service(refuse) as driver:
        file.write_text(TWO.format(first=one, second=two, first_driver=driver, second_driver=driver))
        known = ", ".join(sorted([one, two]))
        error = f"{file}: expected an address ({known}) or an identity, found 'a:1'"
        check_refused(error, "station", "a:1", "--config", file)
        for which in (two, "CS-B"):
            result = invoke("conform", "station", which, "--config", file, "--cases", "TC_B_06")
            assert (result.exit_code, result.output.splitlines()[-1]) == (0, "1 inconclusive")
            assert f"driver at {driver}/: start: 501 Not Implemented: not here" in result.output


def test_one_of_the_file_at_another_address(tmp_path: Path) -> None:
    file = tmp_path / "one.toml"
    file.write_text("[station]\nidentity = 'CS7'\n[claims]\neverything = true")
    seen: list[dict[str, Any]] = []

    def answer(body: dict[str, Any]) -> tuple[int, str]:
        seen.append(body)
        return refuse(body)

    with service(answer) as driver:
        address = free_address()
        result = invoke("conform", "station", address, "--config", file, "--driver", driver, "--cases", "TC_B_06")
    assert result.exit_code == 0 and [(body["identity"], body["url"]) for body in seen] == [("CS7", f"ws://{address}")]


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (("--ocpp-station", "{}", "--ocpp-station", "{}"), "expected each system to have an address of its own"),
        (
            ("--ocpp-station", "{}", "--ocpp-station", "{1}", "-n0"),
            "expected a worker for each of 2 systems (-n 2), found 1",
        ),
        (
            ("--ocpp-station", "{}", "--ocpp-station", "{1}", "-n3"),
            "expected a worker for each of 2 systems (-n 2), found 3",
        ),
        (("--ocpp-csms", "ws://127.0.0.1:1"), "ws://127.0.0.1:1: "),
        (("--ocpp-station", "own", "--ocpp-cases", "Z"), "expected the id of a test case for a CS, found 'Z'"),
    ],
)
def test_the_plugin_refuses_before_it_begins(pytester: pytest.Pytester, options: tuple[str, ...], error: str) -> None:
    addresses = free_address(), free_address()
    given = [option.format(*addresses) if "{" in option else option for option in options]
    outcome = pytester.runpytest_inprocess(*PLUGIN, *given)
    assert outcome.ret == pytest.ExitCode.USAGE_ERROR
    outcome.stderr.fnmatch_lines([f"ERROR: {error.replace('[', '[[]')}*"])


def test_the_plugin_gives_each_worker_a_station(pytester: pytest.Pytester) -> None:
    urls: dict[str, list[str]] = {"CS-A": [], "CS-B": []}

    def answer(body: dict[str, Any]) -> tuple[int, str]:
        urls[body["identity"]].append(body["url"])
        return refuse(body)

    addresses = free_address(), free_address()
    with service(answer) as driver:
        file = pytester.makefile(
            ".toml", TWO.format(first=addresses[0], second=addresses[1], first_driver=driver, second_driver=driver)
        )
        options = [part for address in addresses for part in ("--ocpp-station", address)]
        given = (*PLUGIN, "-n2", *options, "--ocpp-config", file, "--ocpp-cases", "TC_B_0*")
        outcome = pytester.runpytest_subprocess(*given)
    count = sum(map(len, urls.values()))
    outcome.assert_outcomes(skipped=count)
    assert count >= 4
    for identity, address in zip(urls, addresses, strict=True):
        assert set(urls[identity]) == {f"ws://{address}"}


def test_several_stations_to_one_csms(tmp_path: Path) -> None:
    """Each by its identity, which is also what plays a case again."""

    async def serve() -> Any:
        return await serve_roles(
            CSMS(MemoryStore(), settings=Settings(inventory=None)), "127.0.0.1", 0, allow_unauthenticated=True
        )

    file, report = tmp_path / "two.toml", tmp_path / "report.json"
    with served(serve) as url:
        tables = [f"[[station]]\naddress = '{url}'\nidentity = '{identity}'\n" for identity in ("CS1", "CS2")]
        file.write_text("".join(tables) + "[times]\nsettle_s = 0.1\n[claims]\neverything = true\n")
        cases = ("--cases", "TC_B_01", "--cases", "TC_E_09", "--cases", "TC_C_08")
        result = invoke("conform", "csms", "--config", file, *cases, "--json", report)
        records = json.loads(report.read_text())
        assert {record["system"] for record in records} == {f"{url} CS1", f"{url} CS2"}, result.output
        for record in records:
            identity = record["system"].split()[1]
            assert record["again"] == f"ocpp21 conform csms {identity} --config {file} --cases {record['id']}"
        alone = invoke(*shlex.split(records[0]["again"])[1:])
        assert (alone.exit_code, alone.output.splitlines()[-1]) == (0, "1 pass")


# Ended early


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_interrupted_it_reports_what_was_played(number: signal.Signals, tmp_path: Path) -> None:
    hangs, let_go = threading.Event(), threading.Event()
    starts: list[str] = []

    def answer(body: dict[str, Any]) -> tuple[int, str]:
        starts.append(body["deed"])
        if len(starts) > 2:
            hangs.set()
            let_go.wait(HANG_S)
        return refuse(body)

    files = {kind: tmp_path / f"report.{kind}" for kind in ("json", "junit", "html")}
    options = [part for kind, file in files.items() for part in (f"--{kind}", file)]
    with service(answer) as driver:
        arguments = ("conform", "station", free_address(), "--driver", driver, *CASES, *options)
        with Program(*arguments) as program:
            assert hangs.wait(HANG_S)
            code, out, err = program.stop(number)
        let_go.set()
    assert (code, err) == (130, "")
    assert out.splitlines()[-1] == "2 inconclusive; interrupted, 3 not played"
    assert [record["id"] for record in json.loads(files["json"].read_text())] == ["TC_B_06_CS", "TC_B_09_CS"]
    assert ElementTree.parse(files["junit"]).getroot().get("tests") == "2"
    assert "TC_B_09_CS" in files["html"].read_text()


def test_interrupted_again_it_ends_at_once(tmp_path: Path) -> None:
    """The first one lets the driver end, which hangs."""
    ends, let_go = threading.Event(), threading.Event()
    urls: queue.Queue[str] = queue.Queue()

    def answer(body: dict[str, Any]) -> tuple[int, str]:
        if body["deed"] == "start":
            urls.put(body["url"])
        elif body["deed"] == "stop":
            ends.set()
            let_go.wait(HANG_S)
        return 200, ""

    report = tmp_path / "report.json"
    with service(answer) as driver:
        with Program("conform", "station", free_address(), "--driver", driver, *CASES, "--json", report) as program:
            url = urls.get(timeout=HANG_S)
            with connect(f"{url}/CS001", subprotocols=[Subprotocol("ocpp2.1")]) as station:
                station.send('[2,"1","Heartbeat",{}]')
                station.recv()  # who answers plays the case
                program.signal(signal.SIGINT)
                assert ends.wait(HANG_S)
                code, out, err = program.stop(signal.SIGINT)
        let_go.set()
    assert (code, err) == (130, "")
    assert out == f"no case; interrupted, {len(CASES) // 2} not played\n"
    assert json.loads(report.read_text()) == []


def test_nobody_at_the_terminal_is_no_fail() -> None:
    with Program("conform", "station", free_address(), "--cases", "TC_B_06") as program:
        code, out, err = program.finish()
    assert (code, err) == (0, "")
    assert "nobody is there to let the station connect to ws://127.0.0.1:" in out


def test_a_person_who_can_only_say_no() -> None:
    with Program("conform", "station", free_address(), "--cases", "TC_B_06", stdin=True) as program:
        program.type("n")
        code, out, err = program.finish()
    assert (code, err) == (0, "")
    assert "[Enter when done, n when it cannot be done] inconclusive   TC_B_06_CS" in out
