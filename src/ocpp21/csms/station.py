"""The CSMS's role towards one Charging Station."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar

from ocpp21.block import Link, Role
from ocpp21.csms.authorization import Authorization
from ocpp21.csms.availability import Availability
from ocpp21.csms.battery_swapping import BatterySwapping
from ocpp21.csms.bidirectional_power_transfer import BidirectionalPowerTransfer
from ocpp21.csms.certificate_management import CertificateManagement
from ocpp21.csms.data_transfer import DataTransfer
from ocpp21.csms.der_control import DERControl
from ocpp21.csms.diagnostics import Diagnostics
from ocpp21.csms.display_message import DisplayMessage
from ocpp21.csms.events import StationConnected, StationDisconnected
from ocpp21.csms.firmware_management import FirmwareManagement
from ocpp21.csms.local_authorization_list import LocalAuthorizationList
from ocpp21.csms.metering import Metering
from ocpp21.csms.provisioning import Provisioning
from ocpp21.csms.remote_control import RemoteControl
from ocpp21.csms.reservation import Reservation
from ocpp21.csms.security import Security
from ocpp21.csms.smart_charging import SmartCharging
from ocpp21.csms.tariff_and_cost import TariffAndCost
from ocpp21.csms.transactions import Transactions
from ocpp21.wire import Action, Request, Response

if TYPE_CHECKING:
    from ocpp21.csms.csms import CSMS

__all__ = ["Station"]

ResponseT = TypeVar("ResponseT", bound=Response)


class Station(Role):
    """What a CSMS knows of one Charging Station, and can say to it: the nineteen functional blocks.

    Made by :class:`~ocpp21.csms.CSMS`, and never by anybody else.

    Args:
        csms: the whole.
        identity: of the Charging Station, as it was spelt first.
        options: of :class:`~ocpp21.block.Role`.

    Attributes:
        csms: the whole.
        identity: of the Charging Station.
        heard_at: when the CSMS has last heard of it, by a message or a new connection (G02.FR.04); None before.
    """

    side = "CSMS"

    security: Security
    provisioning: Provisioning
    authorization: Authorization
    local_authorization_list: LocalAuthorizationList
    transactions: Transactions
    remote_control: RemoteControl
    availability: Availability
    reservation: Reservation
    tariff_and_cost: TariffAndCost
    metering: Metering
    smart_charging: SmartCharging
    firmware_management: FirmwareManagement
    certificate_management: CertificateManagement
    diagnostics: Diagnostics
    display_message: DisplayMessage
    data_transfer: DataTransfer
    bidirectional_power_transfer: BidirectionalPowerTransfer
    der_control: DERControl
    battery_swapping: BatterySwapping

    def __init__(self, csms: CSMS, identity: str, /, **options: Any) -> None:
        self.csms: Final = csms
        self.identity: Final = identity
        self.heard_at: datetime | None = None
        super().__init__(**options)

    def __repr__(self) -> str:
        state = "connected" if self.is_connected else "not connected"
        return f"<Station {self.identity!a} {self.provisioning.status} {state}>"

    def now(self) -> datetime:
        """The wall time of the CSMS."""
        return self.csms.now()

    def attach(self, link: Link, /, *, is_other_peer: bool = False) -> None:
        """Speak through a new connection, in place of the one before."""
        super().attach(link, is_other_peer=is_other_peer)
        self.heard_at = self.now()
        self.csms.publish(StationConnected(station=self, at=self.heard_at))

    def detach(self, link: Link, /) -> None:
        """Take note that a connection has ended."""
        was_ours = self.link is link
        super().detach(link)
        if was_ours:
            self.csms.publish(StationDisconnected(station=self, at=self.now()))

    def gate(self, action: Action, /) -> str | None:
        """Say why a message may not be taken before the Charging Station is registered (B01.FR.10, B02.FR.09)."""
        self.heard_at = self.now()  # G02.FR.04
        return self.provisioning.objection(action.name)

    async def call(
        self, request: Request[ResponseT], /, *, timeout_s: float | None = None, message_id: str | None = None
    ) -> ResponseT:
        """Ask something of the Charging Station, as :meth:`Role.call` says.

        Raises:
            LocalProtocolError: also when its registration was rejected: nothing may be said to it (B03.FR.03).
        """
        self.provisioning.admit(request)
        return await super().call(request, timeout_s=timeout_s, message_id=message_id)
