"""Stands here so that every test, in whatever folder, can import the modules beside it: oracles, twins, payloads."""

import gc
from collections.abc import Generator
from typing import Any

import pytest

pytest_plugins = ["pytester", "use_cases"]


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, Any, Any]:
    """Spare the garbage collector the tests, which are many: whoever collects garbage would go through them all.

    It sleeps while they are collected, and leaves them alone afterwards. A test that looks for what it has left behind
    takes milliseconds then, and not a second and a half.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()
