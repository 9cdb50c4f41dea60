"""Python names for the names of the standard."""

from __future__ import annotations

import keyword
import re

#: Words of the standard whose capitals do not mark a word boundary, as they are to be read.
WORDS = {
    "SoC": "Soc",
    "SoH": "Soh",
    "soC": "soc",
    "soH": "soh",
    "V2X": "V2x",
    "V2G": "V2g",
    "EMAIDs": "Emaids",
    "eMAID": "emaid",
    "IKEv2": "Ikev2",
    "IPSec": "Ipsec",
    "L2TP": "L2tp",
    "RoCoF": "Rocof",
    "IdleTIme": "IdleTime",
    "CHAdeMO": "Chademo",
    "CSMSTLS": "CsmsTls",
    "PnC": "Pnc",
}

_WORD = re.compile("|".join(sorted(WORDS, key=len, reverse=True)))
_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SEPARATOR = re.compile(r"[^A-Za-z0-9]+")


def snake(name: str) -> str:
    """Turn a name of the wire into a Python attribute: ``evseId`` -> ``evse_id``, ``limit_L2`` -> ``limit_l2``."""
    plain = _WORD.sub(lambda match: WORDS[match[0]], name)
    words = _BOUNDARY.sub("_", _SEPARATOR.sub("_", plain)).lower()
    return f"{words}_" if keyword.iskeyword(words) else words


def member(value: str) -> str:
    """Turn an enumeration value into a member name: ``Energy.Active.Import.Register`` -> ``ENERGY_ACTIVE_...``."""
    name = snake(value).upper()
    return name if name.isidentifier() else f"VALUE_{name}"
