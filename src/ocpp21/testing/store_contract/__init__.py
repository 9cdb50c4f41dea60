"""What every store must do, as tests for pytest: subclass, say how the store is opened, and run.

::

    class TestMyStore(StationStoreContract):
        async def open(self, place: Path, before: Store | None) -> Store:
            return await MyStore.open(place / "my.db")

        def killed(self) -> Callable[[Path], Awaitable[Store]]:
            return MyStore.open  # it is killed, again and again; a store that may forget leaves this out

A store is opened anew with the ``place`` it had before; ``before`` is the closed store, which matters to those that
keep everything in memory.
"""

from ocpp21.testing.store_contract.csms import CsmsStoreContract
from ocpp21.testing.store_contract.station import StationStoreContract

__all__ = ["CsmsStoreContract", "StationStoreContract"]
