"""The live view of a CSMS: its stations, its transactions, and what was said last, on one screen that is drawn anew."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from ocpp21.cli.happenings import short_id, shown_wh
from ocpp21.cli.sheet import Sheet
from ocpp21.cli.terminal import printable
from ocpp21.csms import CSMS, StationBooted, StationEvent, Transaction, TransactionEventReceived

__all__ = ["Board"]

#: Least time between two drawings, in s.
_PAUSE_S: Final = 0.2

#: Most rows of the two tables; the rest of the screen is for lines.
_ROWS: Final = 8

#: Lines that are remembered; no screen is longer.
_LINES: Final = 200


class Board(Sheet):
    """A sheet whose lines are the lower part of the screen; tables stand above them.

    Args:
        csms: what is shown.
        console: where.
    """

    def __init__(self, csms: CSMS, console: Console) -> None:
        super().__init__(as_json=False)
        self._csms: Final = csms
        self._console: Final = console
        self._lines: Final[deque[Text]] = deque(maxlen=_LINES)
        self._stations: Final[dict[str, str]] = {}  # what they say they are, by identity; the latest last
        self._transactions: Final[dict[tuple[str, str], Transaction]] = {}  # the latest last
        self._url = ""
        self._changed: Final = asyncio.Event()

    def listening(self, url: str, /) -> None:
        """Show where stations connect to."""
        self._url = url
        super().listening(url)

    def take(self, event: StationEvent, /) -> None:
        """Take what has happened into the tables."""
        identity = event.station.identity
        known = self._stations.pop(identity, "")
        if isinstance(event, StationBooted):
            known = f"{event.boot.charging_station.vendor_name} {event.boot.charging_station.model}"
        self._stations[identity] = known
        if isinstance(event, TransactionEventReceived):
            key = identity, event.transaction.transaction_id
            self._transactions.pop(key, None)
            self._transactions[key] = event.transaction
        for table in (self._stations, self._transactions):
            while len(table) > _LINES:
                del table[next(iter(table))]  # type: ignore[arg-type]
        self._changed.set()

    @asynccontextmanager
    async def shown(self) -> AsyncIterator[None]:
        """Draw meanwhile."""
        live = Live(console=self._console, auto_refresh=False, vertical_overflow="crop")
        live.start()
        task = asyncio.create_task(self._draw(live))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])
            try:
                live.update(self.view())
                live.stop()  # it draws once more
            except OSError as error:
                self.error = self.error or error

    def view(self) -> RenderableType:
        """What the screen shows now."""
        stations, transactions = self._stations_table(), self._transactions_table()
        taken = 6 + stations.row_count + transactions.row_count
        lines = list(self._lines)[-max(self._console.height - taken, 3) :]
        head = f"{len(self._csms)} stations known, {len(self._csms.connected)} connected, at {self._url}/<identity>"
        return Group(Text(head, style="bold", no_wrap=True), stations, transactions, *lines)

    def _print(self, text: str) -> None:
        self._lines.append(Text.from_ansi(text, no_wrap=True, overflow="ellipsis"))
        self._changed.set()

    async def _draw(self, live: Live) -> None:
        while self.error is None:
            await self._changed.wait()
            self._changed.clear()
            try:
                live.update(self.view(), refresh=True)
            except OSError as error:
                self.error = error
                self.on_broken()
            await asyncio.sleep(_PAUSE_S)

    def _stations_table(self) -> Table:
        table = _table("station", "", "registered", "connectors", "what it is")
        for identity, what in list(self._stations.items())[-_ROWS:]:
            station = self._csms[identity]
            connectors = " ".join(
                f"{evse_id}.{connector_id} {report.connector_status}"
                for (evse_id, connector_id), report in sorted(station.availability.connectors.items())
            )
            line = Text("online", "green") if station.is_connected else Text("offline", "red")
            _add(table, identity, line, station.provisioning.status, connectors, what)
        return table

    def _transactions_table(self) -> Table:
        table = _table("transaction", "station", "EVSE", "state", "events", "energy")
        for (identity, transaction_id), transaction in list(self._transactions.items())[-_ROWS:]:
            state = transaction.charging_state.value if transaction.charging_state is not None else ""
            if transaction.is_ended:
                missing = transaction.missing_count
                state = f"ended ({transaction.stopped_reason}{f', {missing} events missing' if missing else ''})"
            evse = "" if transaction.evse_id is None else str(transaction.evse_id.value)
            events, wh = str(transaction.event_count), shown_wh(transaction.energy_wh)
            _add(table, short_id(transaction_id), identity, evse, state, events, wh)
        return table


def _table(*columns: str) -> Table:
    table = Table(box=None, expand=True, header_style="dim", pad_edge=False)
    for name in columns:
        table.add_column(name, no_wrap=True, overflow="ellipsis")
    return table


def _add(table: Table, *cells: Any) -> None:
    """Add a row; what peers have said may not move the cursor."""
    table.add_row(*(cell if isinstance(cell, Text) else Text(printable(str(cell))) for cell in cells))
