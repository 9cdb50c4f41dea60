"""The command as a whole: how it starts and ends."""

import importlib.util
import io
import runpy
import signal
import subprocess
import sys

import pytest
from command import invoke, run

import ocpp21
from ocpp21 import cli

entry_point = cli.main


@pytest.fixture(autouse=True)
def _signals():
    """Undo what the entry point does to this process."""
    before = signal.getsignal(signal.SIGPIPE)
    yield
    signal.signal(signal.SIGPIPE, before)


@pytest.fixture
def main(monkeypatch):
    """Run the entry point in this process; return the exit code."""

    def main(*arguments: str) -> object:
        monkeypatch.setattr(sys, "argv", ["ocpp21", *arguments])
        with pytest.raises(SystemExit) as ended:
            entry_point()
        return ended.value.code

    return main


@pytest.mark.parametrize("module", ["ocpp21", "ocpp21.cli"])
def test_modules_are_the_command(module):
    done = subprocess.run([sys.executable, "-m", module, "--version"], capture_output=True)
    assert (done.returncode, done.stdout.decode()) == (0, f"ocpp21 {ocpp21.__version__}\n")


@pytest.mark.parametrize("module", ["ocpp21.__main__", "ocpp21.cli.__main__"])
def test_modules_run_only_as_commands(main, monkeypatch, capsys, module):
    path = importlib.util.find_spec(module).origin  # not by name: pytest loads what a plugin's package holds
    runpy.run_path(path)
    assert capsys.readouterr().out == ""
    monkeypatch.setattr(cli, "main", lambda: main("--version"))
    runpy.run_path(path, run_name="__main__")
    assert capsys.readouterr().out == f"ocpp21 {ocpp21.__version__}\n"


def test_main(main, capsys):
    assert main("--version") == 0
    assert capsys.readouterr().out == f"ocpp21 {ocpp21.__version__}\n"


def test_main_takes_any_output(main, monkeypatch):
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    assert main("show", "ResetEnumType", "--json") == 0
    assert "OnIdle" in out.getvalue()


@pytest.mark.parametrize("arguments", [(), ("nothing",), ("--nothing",)])
def test_wrong_usage(arguments):
    assert run(*arguments).returncode == 2


@pytest.mark.parametrize("command", ["validate", "show", "bench"])
def test_help_says_exit_codes_or_units(command):
    result = invoke(command, "--help")
    assert result.exit_code == 0
    assert "Exit codes:" in result.stdout or "seconds" in result.stdout
    assert invoke(command, "-h").stdout == result.stdout


@pytest.mark.parametrize("missing", ["typer", "rich"])
def test_missing_extra_is_told_in_one_line(missing):
    code = f"import sys; sys.modules['{missing}'] = None; from ocpp21.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code, "show"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"ocpp21: the command needs {missing}: pip install ocpp21[cli]\n"


@pytest.mark.parametrize(
    ("name", "ending"), [("rich", SystemExit), ("typer", SystemExit), ("json", ModuleNotFoundError)]
)
def test_only_modules_of_the_extra_are_asked_for(monkeypatch, capsys, name, ending):
    def fail() -> None:
        raise ModuleNotFoundError(name=name)

    monkeypatch.setattr(cli, "_run", fail)
    with pytest.raises(ending):
        cli.main()
    assert ("pip install" in capsys.readouterr().err) is (ending is SystemExit)


def test_interrupt_while_starting(main, monkeypatch):
    def interrupt() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_run", interrupt)
    assert main() == 130


def test_output_that_is_full(main, monkeypatch, capsys):
    with open("/dev/full", "w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert main("show") == 2
        monkeypatch.undo()
    assert capsys.readouterr().err == "ocpp21: standard output: No space left on device\n"


def test_rich_and_typer_are_not_imported_by_the_library():
    code = "import sys, ocpp21; sys.exit(any(name in sys.modules for name in ('rich', 'typer', 'ocpp21.cli')))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
