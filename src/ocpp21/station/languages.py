"""The language in which a driver is addressed (Part 2, C01). Pure computation."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from ocpp21.messages import IdTokenInfoType

__all__ = ["choose_language"]

#: Of the texts that every station should have (C01.FR.12, C01.FR.13).
ENGLISH: Final = "en"


def choose_language(info: IdTokenInfoType, installed: Collection[str], /) -> str:
    """Choose the language of the messages to a driver.

    Args:
        info: what the CSMS has said of their token.
        installed: RFC 5646 tags of the languages that the station has texts in.

    Returns:
        The tag of one of them; that of English when neither wish can be met.
    """
    for wish in (info.language1, info.language2):  # C01.FR.08, C01.FR.09
        if wish is not None and (found := _find(wish, installed)) is not None:
            return found
    return _find(ENGLISH, installed) or ENGLISH


def _find(wish: str, installed: Collection[str]) -> str | None:
    """The installed language that is meant: the same tag, or one of the same language (RFC 4647, lookup)."""
    wanted = wish.casefold()
    by_tag = {tag.casefold(): tag for tag in installed}
    if wanted in by_tag:
        return by_tag[wanted]
    language = wanted.partition("-")[0]
    return next((tag for known, tag in by_tag.items() if known.partition("-")[0] == language), None)
