"""Where a Charging Station connects to: by its device model, attempt by attempt (Part 2, B10; Part 4, 5.3 and 5.4).

The slots of NetworkConfigurationPriority are tried in their order, NetworkProfileConnectionAttempts times each. All of
it is looked up anew for each attempt, so what the CSMS sets counts from the next attempt on; a connection that stands
is left alone. What a slot cannot hold, the roots that are trusted and the client certificate, comes with the profiles
that the station was installed with.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import msgspec

from ocpp21.asyncio.patience import Patience
from ocpp21.asyncio.profiles import Itinerary, Leg, NetworkProfile, WhenExhausted
from ocpp21.errors import LocalProtocolError
from ocpp21.limits import Limits
from ocpp21.messages import NetworkConnectionProfileType
from ocpp21.network_profile import scheme_of

if TYPE_CHECKING:
    from ocpp21.asyncio.backoff import BackOff
    from ocpp21.device_model import Variable
    from ocpp21.station import ChargingStation

__all__ = ["Equip", "SlotRoute"]

#: Makes of a slot what is needed to connect by it: looks for roots and certificates, dials into the APN, opens the VPN.
#: Takes the number of the slot and what it holds, with identity and password of the station where it has none of its
#: own. It may raise OSError or LocalProtocolError: the attempt has failed then.
Equip: TypeAlias = "Callable[[int, NetworkConnectionProfileType], NetworkProfile | Awaitable[NetworkProfile]]"


class SlotRoute:
    """The :class:`~ocpp21.asyncio.profiles.Route` of a Charging Station.

    Args:
        station: whose device model it goes by.
        profiles: that the station was installed with, the n-th one for the n-th slot. Slots without URL take theirs.
        equip: makes of a slot what is needed to connect; by default with the TLS context of the profile that the slot
            was installed with, else of the first that has one.
        when_exhausted: what follows when all attempts have been made.
        back_off: the waits in between; it follows the device model.
        patience: with the CSMS; its ping interval follows the device model.
        limits: of the sessions; the time-out of the slot takes the place of theirs.

    Attributes:
        limits: of the session that the present attempt leads to.

    Raises:
        LocalProtocolError: there is no profile, or there are more profiles than slots.
    """

    def __init__(
        self,
        station: ChargingStation,
        profiles: Sequence[NetworkProfile],
        /,
        *,
        equip: Equip | None = None,
        when_exhausted: WhenExhausted = "start_over",
        back_off: BackOff,
        patience: Patience = Patience(),  # noqa: B008, it is frozen
        limits: Limits = Limits(),  # noqa: B008, it is frozen
    ) -> None:
        self._station: Final = station
        self._slots: Final = station.provisioning.network_profiles
        self._installed: Final = dict(zip(self._slots.slots, profiles, strict=False))
        if not profiles or len(profiles) > len(self._installed):
            raise LocalProtocolError(f"expected 1 to {len(self._slots.slots)} profiles, found {len(profiles)}")
        self._equip: Final = equip or self._with_installed
        self._patience: Final = patience
        self._itinerary: Final = Itinerary(self._priority, when_exhausted=when_exhausted)  # B10.FR.04
        self._connected_by: tuple[int, str, str | None] | None = None  # slot, URL and identity of the last success
        self._present: tuple[int, str, str | None] = (0, "", None)  # the same of the present attempt
        self.limits = limits
        comm = station.device_model.ocpp_comm_ctrlr
        self._attempts: Final = comm.network_profile_connection_attempts.honour()
        self._ping_interval: Final = comm.web_socket_ping_interval.honour()
        _follow(comm.retry_back_off_wait_minimum, back_off, "wait_minimum_s")
        _follow(comm.retry_back_off_random_range, back_off, "random_range_s")
        _follow(comm.retry_back_off_repeat_times, back_off, "repeat_times")
        for slot, profile in self._installed.items():
            self._install(slot, profile)

    async def next(self) -> Leg:
        """The attempt by the slot whose turn it is; waits while the station reboots."""
        await self._station.provisioning.resetting.gone_on()
        self._itinerary.revise(self._priority, attempts=self._attempts.get(1))
        slot = self._itinerary.current
        data = self._complete(slot)
        self._present = slot, data.ocpp_csms_url, data.identity
        timeout_s = float(data.message_timeout) if data.message_timeout > 0 else self.limits.timeout_s
        self.limits = msgspec.structs.replace(self.limits, timeout_s=timeout_s)
        made = self._equip(slot, data)
        profile = await made if isawaitable(made) else made
        ping_interval_s = self._ping_interval.get(self._patience.ping_interval_s)
        patience = msgspec.structs.replace(self._patience, ping_interval_s=float(ping_interval_s))
        return Leg(profile, {"patience": patience})

    def fail(self) -> None:
        """The attempt has failed."""
        self._itinerary.fail()

    def succeed(self) -> bool:
        """The attempt has led to a connection; another CSMS in the same slot is another profile, too (B10.FR.10)."""
        self._itinerary.succeed()
        self._slots.connected(self._present[0])
        is_other = self._connected_by not in (None, self._present)
        self._connected_by = self._present
        return is_other

    @property
    def _priority(self) -> list[int]:
        """The slots to try; the first one where the device model names none."""
        return self._slots.priority or self._slots.slots[:1]

    def _install(self, slot: int, profile: NetworkProfile) -> None:
        """Show a profile in its slot, unless something else was put there."""
        found = self._station.device_model.network_configuration[str(slot)]
        if found.ocpp_csms_url.get():
            return
        found.ocpp_csms_url.set(profile.url)
        is_secure = scheme_of(found.security_profile.get(1)) == "wss"
        if is_secure != (profile.ssl is not None):
            found.security_profile.set(1 if profile.ssl is None else 3 if profile.password is None else 2)

    def _complete(self, slot: int) -> NetworkConnectionProfileType:
        """What a slot holds, with identity and password of the station where it has none of its own."""
        data, security = self._slots.profile(slot), self._station.device_model.security_ctrlr
        installed = self._installed.get(slot) or next(iter(self._installed.values()))
        password = data.basic_auth_password or security.basic_auth_password.get()
        if not password and isinstance(installed.password, str):
            password = installed.password
        return msgspec.structs.replace(
            data,
            identity=data.identity or security.identity.get() or installed.identity,
            basic_auth_password=password or None,
        )

    def _with_installed(self, slot: int, data: NetworkConnectionProfileType) -> NetworkProfile:
        """Connect with the secrets of the installation where the slot has none."""
        installed = self._installed.get(slot) or next(iter(self._installed.values()))
        context = None
        if scheme_of(data.security_profile) == "wss":
            others = (profile.ssl for profile in self._installed.values())
            context = installed.ssl or next((found for found in others if found is not None), None)
        password: str | bytes | None = data.basic_auth_password or installed.password
        return NetworkProfile(
            data.ocpp_csms_url,
            data.identity or installed.identity,
            password=None if data.security_profile == 3 else password,
            ssl=context,
        )


def _follow(variable: Variable[int], back_off: BackOff, name: str) -> None:
    """Let a part of the back-off be what the device model says, from the next wait on."""

    def look(change: Any = None) -> None:
        value = variable.get()
        if value is not None:
            setattr(back_off, name, value)

    variable.honour().on_change(look)
    look()
