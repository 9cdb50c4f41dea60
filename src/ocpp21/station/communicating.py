"""What the maker implements besides, where an EVSE speaks ISO 15118 with its EV (:mod:`~ocpp21.station.hardware`)."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

__all__ = ["CommunicatingEvse"]


@runtime_checkable
class CommunicatingEvse(Protocol):
    """What an :class:`~ocpp21.station.hardware.Evse` has besides, when it speaks ISO 15118 with the EV."""

    async def ask_to_stop(self) -> None:
        """Ask the EV to end the energy transfer, and return when it has, or is gone; at once without a session.

        The answer to the next ChargingStatusReq or CurrentDemandReq carries EVSENotification StopCharging (ISO
        15118-2), that of the charge loop Terminate (ISO 15118-20). Called when charging ends in order, before the
        contactor opens; not when something is broken. It is cancelled when the EV takes too long
        (:attr:`ocpp21.station.remote_control.RemoteControl.ev_patience_s`).

        Raises:
            HardwareError: the EV cannot be asked. The station opens the contactor.
        """
        ...
