"""What ``ocpp21 demo`` prints: who has done what, and when; at the end, the ledger."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from ocpp21.cli.happenings import energy, facts_of, ledger_facts, short_id, words_of
from ocpp21.cli.ledger import Account
from ocpp21.cli.terminal import json_line, painter, printable
from ocpp21.csms import StationEvent
from ocpp21.simulator.scenario import Step, WaitUntil

__all__ = ["Timeline"]

_STYLES: Final = {"driver": "yellow", "station": "green", "csms": "bold"}

#: What a step looks like from outside, and who does it.
_STEPS: Final = {
    "plug_in": ("driver", "plugs a car in"),
    "present": ("driver", "holds a card to the reader"),
    "stop": ("driver", "presses stop"),
    "go_offline": ("station", "loses the connection, and goes on charging"),
    "go_online": ("station", "may connect again"),
}


class Timeline:
    """Standard output.

    Args:
        as_json: print JSON objects.
    """

    def __init__(self, *, as_json: bool) -> None:
        self._as_json: Final = as_json
        self._paint: Final = painter(Console())
        self._began_at: Final = time.monotonic()

    def begin(self, url: str, power_w: float, /) -> None:
        """Say what there is."""
        wh_per_s = power_w / 3600
        if self._as_json:
            facts = {"url": url, "power_w": power_w, "is_real_time": True}
            self._print(json_line({"kind": "begin", **facts}))
        else:
            kilowatts = f"{power_w / 1000:g} kW"
            self._print(f"A simulated {kilowatts} charger and a CSMS, over {url}, in real time: {wh_per_s:.0f} Wh/s.\n")

    def step(self, step: Step, /, *, waiting: int | None = None) -> None:
        """Say what is done now.

        Args:
            step: of the scenario; waiting is not told.
            waiting: messages that wait in the queue of the station.
        """
        if isinstance(step, WaitUntil):
            return
        who, words = _STEPS[step.name]
        if waiting is not None:
            words += f"; {waiting} messages wait in its queue"
        self._tell(who, words, {"step": step.name, **({} if waiting is None else {"waiting": waiting})})

    def driver(self, words: str, /) -> None:
        """Say what the driver does."""
        self._tell("driver", words, {"step": words})

    def happened(self, event: StationEvent, /) -> None:
        """Say what the CSMS has learnt."""
        self._tell("csms", f"{event.station.identity} {words_of(event)}", facts_of(event))

    def account(self, account: Account, file: Path | None, /) -> None:
        """Show the ledger, and whether it agrees with the truth.

        Args:
            account: both.
            file: where the ledger stays; None when it does not.
        """
        if self._as_json:
            self._print(
                json_line(
                    {
                        "kind": "ledger",
                        "transactions": [
                            ledger_facts(entry.transaction) | {"offline_events": entry.offline_count}
                            for entry in account.entries
                        ],
                        "delivered_wh": float(account.delivered_wh),
                        "ledger_wh": float(account.ledger_wh),
                        "is_reconciled": account.reason is None,
                        "file": None if file is None else str(file),
                    }
                )
            )
            return
        self._print("\nThe ledger, read back from its file:\n")
        for transaction, offline_count in account.entries:
            self._print(
                f"  {short_id(transaction.transaction_id)}  {transaction.event_count} events, {offline_count} of them "
                f"from offline; ended: {transaction.stopped_reason}; {energy(transaction)}"
            )
        verdict = "they agree" if account.reason is None else "THEY DO NOT AGREE"
        self._print(
            f"\n  delivered  {account.delivered_wh:13,.6f} Wh, as the simulator knows it"
            f"\n  ledger     {account.ledger_wh:13,.6f} Wh, as the meter has shown it, in thousandths"
            f"\n  {self._paint(verdict, 'green' if account.reason is None else 'red')}"
        )
        if file is not None:
            self._print(f"\nThe ledger stays in {printable(str(file))}.")

    def _tell(self, who: str, words: str, facts: dict[str, Any]) -> None:
        at_s = time.monotonic() - self._began_at
        if self._as_json:
            self._print(json_line({"kind": "timeline", "at_s": round(at_s, 3), "who": who, **facts}))
        else:
            self._print(f"{at_s:6.2f} s  {self._paint(f'{who:7}', _STYLES[who])}  {printable(words)}")

    def _print(self, text: str) -> None:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
