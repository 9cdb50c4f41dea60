"""Charging sessions of one driver, and settings with which a station has much to say about them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from laboratory import Laboratory

Session = Callable[[Laboratory], Awaitable[None]]

#: Samples of every kind.
BUSY = {
    "sampled_data_ctrlr.tx_updated_interval": 30,
    "sampled_data_ctrlr.tx_ended_interval": 45,
    "aligned_data_ctrlr.measurands": ("Energy.Active.Import.Register",),
    "aligned_data_ctrlr.interval": 120,
}


async def online(lab: Laboratory) -> None:
    """Charge for five minutes."""
    await lab.plug_in()
    await lab.present()
    await lab.quiet(300)
    await lab.leave()


async def with_a_gap(lab: Laboratory) -> None:
    """Charge while the connection is lost and comes back, and lose it again before the end."""
    await lab.plug_in()
    await lab.present()
    await lab.quiet(100)
    await lab.go_offline()
    await lab.quiet(100)
    await lab.go_online()
    await lab.quiet(100)
    await lab.go_offline()
    await lab.quiet(50)
    await lab.leave()
    await lab.quiet(50)
    await lab.go_online()
