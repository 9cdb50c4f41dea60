"""Runs coroutine functions as tests, each in a loop of its own that must be left as it was found."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterator

import pytest
from loopback import Carrier, run

#: Tests that run over every stack that a station can be carried by, and every event loop.
OVER_ALL = {"test_client", "test_connection", "test_frames", "test_interoperability", "test_secured", "test_websocket"}

STACKS = ("websockets", "picows", "websockets on uvloop", "picows on uvloop")


async def look_up() -> None:
    await asyncio.get_running_loop().getaddrinfo("localhost", 80)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if metafunc.module.__name__ in OVER_ALL and inspect.iscoroutinefunction(metafunc.function):
        metafunc.parametrize("stack", STACKS, indirect=True)


@pytest.fixture(autouse=True)
def stack(request: pytest.FixtureRequest) -> Iterator[None]:
    """Carry our stations by a stack."""
    name, _, loop = getattr(request, "param", "websockets").partition(" on ")
    factory = None
    if loop:
        factory = pytest.importorskip("uvloop").new_event_loop
        with asyncio.Runner(loop_factory=factory) as runner:  # its threads come with the first question, and stay
            runner.run(look_up())
    if name == "picows":
        pytest.importorskip("picows")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Carrier, "stack", name)
        patch.setattr(Carrier, "loop_factory", factory)
        yield


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = inspect.signature(pyfuncitem.obj).parameters
    run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names}))
    return True
