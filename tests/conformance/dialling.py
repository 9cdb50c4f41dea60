"""Stations that connect as a test tells them to: when, where, with what."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ocpp21.asyncio import Patience, connect
from ocpp21.messages.registry import MESSAGES
from tests.conformance.scripted import BOOT, Answers, Script, ScriptedStation

PASSWORD = "PasswordOfSufficientLength"


@dataclass(frozen=True)
class Dial:
    """One attempt to connect.

    Attributes:
        wait_s: before it, since the end of the one before.
        password: that is shown.
        second: it goes to the URL of the last SetNetworkProfileRequest.
        context: makes what TLS goes by.
    """

    wait_s: float = 0.0
    password: str = PASSWORD
    second: bool = False
    context: Callable[[], ssl.SSLContext] | None = None


class DiallingStation(ScriptedStation):
    """A station that makes attempts, one after the other, and then no more.

    Args:
        dials: the attempts.
        answers: to requests of the CSMS.
        scripts: as a :class:`ScriptedStation` has them.
    """

    def __init__(self, *dials: Dial, answers: Answers | None = None, **scripts: Script) -> None:
        super().__init__({"SetNetworkProfileRequest": self._move, **(answers or {})}, **scripts)
        self._dials = dials
        self._second = ""
        self._dialling: asyncio.Task[None] | None = None

    async def start(self, url: str, /) -> None:
        self._dialling = asyncio.get_running_loop().create_task(self._dial(url))

    async def stop(self) -> None:
        assert self._dialling is not None
        self._dialling.cancel()
        await asyncio.wait([self._dialling])
        await super().stop()

    def _move(self, request: Any) -> dict[str, Any]:
        self._second = request.connection_data.ocpp_csms_url
        return {"status": "Accepted"}

    async def _dial(self, url: str) -> None:
        handlers = {MESSAGES[name]: self._handler(name, answer) for name, answer in self.answers.items()}
        is_first = True
        for dial in self._dials:
            await asyncio.sleep(dial.wait_s)
            secured: dict[str, Any] = {}
            if dial.context is not None:
                secured = {"ssl": dial.context(), "host": "127.0.0.1"}
            try:
                self._connection = await connect(
                    self._second if dial.second else url,
                    "CS001",
                    password=dial.password or None,
                    handlers=handlers,
                    patience=Patience(ping_interval_s=0.0),
                    **secured,
                )
            except OSError:
                continue
            self._connection.start()
            if is_first:
                self._follow("start", (BOOT,))
            is_first = False
            await self._connection.wait_closed()
