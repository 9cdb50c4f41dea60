"""The command as a whole: how it starts and ends."""

import io
import signal
import subprocess
import sys

import pytest
from conftest import invoke, run

import ocpp21
from ocpp21 import cli


@pytest.fixture
def main(monkeypatch):
    """Run the entry point in this process; return the exit code."""
    before = signal.getsignal(signal.SIGPIPE)

    def main(*arguments: str) -> object:
        monkeypatch.setattr(sys, "argv", ["ocpp21", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return ended.value.code

    yield main
    signal.signal(signal.SIGPIPE, before)


@pytest.mark.parametrize("module", ["ocpp21", "ocpp21.cli"])
def test_modules_are_the_command(module):
    done = subprocess.run([sys.executable, "-m", module, "--version"], capture_output=True)
    assert (done.returncode, done.stdout.decode()) == (0, f"ocpp21 {ocpp21.__version__}\n")


@pytest.mark.parametrize("module", ["ocpp21.__main__", "ocpp21.cli.__main__"])
def test_importing_the_modules_runs_nothing(module):
    __import__(module)


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
def test_missing_extra_is_told_in_one_line(main, monkeypatch, capsys, missing):
    forget(monkeypatch)
    monkeypatch.setitem(sys.modules, missing, None)
    assert main("show") == 2
    assert capsys.readouterr() == ("", f"ocpp21: the command needs {missing}: pip install ocpp21[cli]\n")


def test_other_missing_modules_are_no_matter_of_the_extra(monkeypatch):
    forget(monkeypatch)
    monkeypatch.setitem(sys.modules, "ocpp21.cli.show", None)
    with pytest.raises(ModuleNotFoundError, match=r"ocpp21\.cli\.show"):
        cli.main()


def forget(monkeypatch):
    """Have the modules of the command imported anew."""
    for name in [name for name in sys.modules if name.startswith("ocpp21.cli.")]:
        monkeypatch.delitem(sys.modules, name)


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
