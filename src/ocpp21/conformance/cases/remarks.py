"""Notes of cases that ask nothing of the system under test: ``data/remarks.toml``."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import resources
from typing import Final

__all__ = ["asking"]

_STEP: Final = re.compile(r"step \S+: ")


@cache
def _remarks() -> re.Pattern[str]:
    text = (resources.files("ocpp21.conformance") / "data" / "remarks.toml").read_text("utf-8")
    return re.compile("|".join(f"(?:{note})" for one in tomllib.loads(text)["remark"] for note in one["notes"]))


def asking(notes: Iterable[str], /) -> Iterator[str]:
    """The notes that ask something, each once."""
    for note in dict.fromkeys(notes):
        if not _remarks().fullmatch(_STEP.sub("", note, count=1)):
            yield note
