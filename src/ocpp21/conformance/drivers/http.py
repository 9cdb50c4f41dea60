"""The driver that asks a service of the maker, by HTTP.

Each deed is a POST of a JSON object to the URL of the service, with ``deed`` and what belongs to it. 200 says that it
is done, 501 that it cannot be; anything else is taken for the latter, with the text that came.

=============== =================================================================================
deed            beside it
=============== =================================================================================
``start``       ``url`` for the station to connect to; absent at a CSMS, whose answer may give one
``configure``   ``component``, ``component_instance``, ``variable``, ``variable_instance``, ``value``
``trigger``     ``identity``, ``message``, ``payload``: a CSMS is to send this request
``stop``        nothing
any other       ``text``, ``evse_id``, ``connector_id``, ``token`` (``id``, ``type``), ``seconds``
=============== =================================================================================
"""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request
from typing import Any, Final

from ocpp21.conformance.acts import Act
from ocpp21.conformance.drivers import CannotDo
from ocpp21.conformance.setup_lines import SetVariable

__all__ = ["HttpCsms", "HttpDriver"]


class _Service:
    def __init__(self, url: str, timeout_s: float) -> None:
        self._url: Final = url
        self._timeout_s: Final = timeout_s

    async def ask(self, deed: str, **facts: Any) -> str:
        """Post a deed; returns the text of the answer.

        Raises:
            CannotDo: the service says so, or does not answer.
        """
        return await asyncio.to_thread(self._post, {"deed": deed, **facts})

    def _post(self, body: dict[str, Any]) -> str:
        request = urllib.request.Request(
            self._url, json.dumps(body).encode(), {"Content-Type": "application/json"}, method="POST"
        )
        try:
            with urllib.request.urlopen(request, timeout=self._timeout_s) as answer:
                text: str = answer.read(65536).decode("utf-8", "replace")
                return text
        except urllib.error.HTTPError as error:
            raise CannotDo(f"driver at {self._url}: {body['deed']}: {error.code} {error.reason}") from error
        except (OSError, ValueError) as error:
            raise CannotDo(f"driver at {self._url}: {error}") from error


class HttpDriver:
    """Acts at a station through a service.

    Args:
        url: of the service.
        timeout_s: in which it must answer.
    """

    def __init__(self, url: str, /, *, timeout_s: float = 60.0) -> None:
        self._service: Final = _Service(url, timeout_s)

    async def start(self, url: str, /) -> None:
        """Let the station connect."""
        await self._service.ask("start", url=url)

    async def perform(self, act: Act, /) -> None:
        """Let something be done."""
        token = None if act.token is None else {"id": act.token.id, "type": act.token.type}
        await self._service.ask(
            str(act.deed),
            text=act.text,
            evse_id=act.evse_id,
            connector_id=act.connector_id,
            token=token,
            seconds=act.seconds,
        )

    async def configure(self, line: SetVariable, value: str, /) -> None:
        """Let a variable be set."""
        await self._service.ask(
            "configure",
            component=line.component,
            component_instance=line.component_instance,
            variable=line.variable,
            variable_instance=line.variable_instance,
            value=value,
        )

    async def stop(self) -> None:
        """Tell that the case has ended."""
        await self._service.ask("stop")


class HttpCsms:
    """Acts at a CSMS through a service.

    Args:
        url: of the service.
        csms: URL of the CSMS, without the identity.
        timeout_s: in which it must answer.
    """

    def __init__(self, url: str, /, *, csms: str, timeout_s: float = 60.0) -> None:
        self._service: Final = _Service(url, timeout_s)
        self._csms: Final = csms

    async def start(self) -> str:
        """Let the CSMS be in order."""
        await self._service.ask("start")
        return self._csms

    async def trigger(self, identity: str, message: str, payload: dict[str, Any], /) -> None:
        """Let a request be sent."""
        await self._service.ask("trigger", identity=identity, message=message, payload=payload)

    async def stop(self) -> None:
        """Tell that the case has ended."""
        await self._service.ask("stop")
