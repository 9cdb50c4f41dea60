"""Every scenario runs in memory, and once more over a real WebSocket."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from laboratory import OVER_SOCKETS


@pytest.fixture(params=["memory", "sockets"], autouse=True)
def _link(request: pytest.FixtureRequest) -> Iterator[None]:
    over_sockets = request.param == "sockets"
    if over_sockets and request.node.get_closest_marker("memory_only"):
        pytest.skip("plays with messages on their way")
    token = OVER_SOCKETS.set(over_sockets)
    yield
    OVER_SOCKETS.reset(token)
