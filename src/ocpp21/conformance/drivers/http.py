"""The driver that asks a service of the maker, by HTTP.

Each deed is a POST of a JSON object to the URL of the service, with ``deed``, the ``identity`` of the station in the
run, and what belongs to the deed. A status of 200 to 299 says that it is done; anything else that it cannot be, and the
beginning of the text that comes with it is told to people. A service has a minute for each deed.

=============== =================================================================================
deed            beside it
=============== =================================================================================
``start``       ``url`` for the station to connect to; absent at a CSMS
``configure``   ``component``, ``component_instance``, ``variable``, ``variable_instance``, ``value``
``trigger``     ``message``, ``payload``: a CSMS is to send this request
``stop``        nothing
any other       ``text``, ``evse_id``, ``connector_id``, ``token`` (``id``, ``type``), ``seconds``
=============== =================================================================================
"""

from __future__ import annotations

from typing import Any, Final

from ocpp21.conformance.cases.setup_lines import SetVariable
from ocpp21.conformance.drivers import CannotDo
from ocpp21.conformance.drivers.posting import Service
from ocpp21.conformance.planning.acts import Act
from ocpp21.errors import printable

__all__ = ["HttpCsms", "HttpDriver"]

#: Most characters of what a service says that are told to people.
_MAX_TOLD: Final = 200


class _Asking:
    """What both drivers share.

    Args:
        url: of the service.
        identity: of the station in the run.
        timeout_s: in which it must have answered.

    Raises:
        ValueError: the URL is not of a service.
    """

    def __init__(self, url: str, /, *, identity: str = "", timeout_s: float = 60.0) -> None:
        self._service: Final = Service(url, timeout_s=timeout_s)
        self._identity: Final = identity

    async def reach(self) -> None:
        """See that the service is there.

        Raises:
            CannotDo: it is not.
        """
        try:
            await self._service.reach()
        except OSError as error:
            raise self._cannot(error) from error

    async def _ask(self, deed: str, **facts: Any) -> None:
        """Post a deed.

        Raises:
            CannotDo: the service says so, or does not answer.
        """
        try:
            answer = await self._service.post({"deed": deed, "identity": self._identity, **facts})
        except (OSError, ValueError) as error:
            raise self._cannot(error, deed) from error
        if not 200 <= answer.status < 300:
            text = " ".join(answer.text.split())[:_MAX_TOLD]
            told = f"{answer.status} {answer.phrase}" + (f": {text}" if text else "")
            raise CannotDo(printable(f"driver at {self._service.name}: {deed}: {told}"))

    def _cannot(self, error: Exception, deed: str = "") -> CannotDo:
        why = f"no answer in {self._service.timeout_s:g} s" if isinstance(error, TimeoutError) else str(error)
        return CannotDo(f"driver at {self._service.name}: {deed + ': ' if deed else ''}{why}")


class HttpDriver(_Asking):
    """Acts at a station through a service."""

    async def start(self, url: str, /) -> None:
        """Let the station connect."""
        await self._ask("start", url=url)

    async def perform(self, act: Act, /) -> None:
        """Let something be done."""
        token = None if act.token is None else {"id": act.token.id, "type": act.token.type}
        await self._ask(
            str(act.deed),
            text=act.text,
            evse_id=act.evse_id,
            connector_id=act.connector_id,
            token=token,
            seconds=act.seconds,
        )

    async def configure(self, line: SetVariable, value: str, /) -> None:
        """Let a variable be set."""
        await self._ask(
            "configure",
            component=line.component,
            component_instance=line.component_instance,
            variable=line.variable,
            variable_instance=line.variable_instance,
            value=value,
        )

    async def stop(self) -> None:
        """Tell that the case has ended."""
        await self._ask("stop")


class HttpCsms(_Asking):
    """Acts at a CSMS through a service.

    Args:
        url: of the service.
        csms: URL of the CSMS, without the identity.
        identity: of the station that the test system plays.
        timeout_s: in which it must have answered.

    Raises:
        ValueError: the URL is not of a service.
    """

    def __init__(self, url: str, /, *, csms: str, identity: str = "", timeout_s: float = 60.0) -> None:
        super().__init__(url, identity=identity, timeout_s=timeout_s)
        self._csms: Final = csms

    async def start(self) -> str:
        """Let the CSMS be in order."""
        await self._ask("start")
        return self._csms

    async def trigger(self, identity: str, message: str, payload: dict[str, Any], /) -> None:
        """Let a request be sent."""
        await self._ask("trigger", identity=identity, message=message, payload=payload)

    async def stop(self) -> None:
        """Tell that the case has ended."""
        await self._ask("stop")
