"""What a run is to be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from ocpp21.asyncio.client import Stack
from ocpp21.errors import LocalProtocolError
from ocpp21.load.scenarios import Scenario

__all__ = ["Plan"]

#: Pace of a station when no rate is wanted, in seconds from message to message.
_DEFAULT_INTERVAL_S: Final = 10.0


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a run is to be.

    Attributes:
        url: of the CSMS, without the identity. Nothing else is ever connected to.
        stations: how many, 1 or more.
        mix: scenarios by weight; each station plays one of them.
        rate: messages per second of all stations together, spread evenly over them; None gives each station a message
            every ten seconds.
        flat_out: each station sends its next message when the last one is answered, and no rate is kept. Latency says
            little then: the harder a CSMS is pressed, the longer it takes.
        ramp_s: over which the stations come, in seconds.
        duration_s: of the run, ramp included, in seconds; None runs until it is stopped.
        answer_timeout_s: how long an answer may take, in seconds.
        open_timeout_s: how long connecting may take, in seconds.
        grace_s: how long what is under way may still take when the run is over, in seconds.
        compression: offer permessage-deflate.
        stack: that carries the connections; ``picows`` comes with the extra ``fast``.
        token: IdToken that drivers present.
        seed: of the dice.
    """

    url: str
    stations: int = 1
    mix: Mapping[Scenario, float] = msgspec.field(default_factory=lambda: {Scenario.TRANSACTIONS: 1.0})
    rate: float | None = None
    flat_out: bool = False
    ramp_s: float = 0.0
    duration_s: float | None = 60.0
    answer_timeout_s: float = 30.0
    open_timeout_s: float = 30.0
    grace_s: float = 5.0
    compression: bool = False
    stack: Stack = "websockets"
    token: str = "LOAD"
    seed: int = 1

    def __post_init__(self) -> None:
        """Check what types do not say.

        Raises:
            LocalProtocolError: the plan cannot be carried out.
        """
        if self.stations < 1:
            raise LocalProtocolError(f"expected 1 or more stations, found {self.stations}")
        if self.rate is not None and not 0 < self.rate < float("inf"):
            raise LocalProtocolError(f"expected a rate of more than 0 messages per second, found {self.rate}")
        if self.rate is not None and self.flat_out:
            raise LocalProtocolError("expected a rate or `flat_out`, found both")
        if not self.mix or not all(0 < weight < float("inf") for weight in self.mix.values()):
            raise LocalProtocolError("expected a mix of scenarios with weights of more than 0")

    @property
    def interval_s(self) -> float:
        """Time from message to message of one station, in seconds; 0.0 when it is flat out."""
        if self.flat_out:
            return 0.0
        return _DEFAULT_INTERVAL_S if self.rate is None else self.stations / self.rate
