"""A standard of one CALL and one SEND, small enough to be broken in every way."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from codegen.load import DRAFT, Schema
from codegen.model import Model, build

_VENDOR: Schema = {
    "javaType": "CustomData",
    "type": "object",
    "properties": {"vendorId": {"type": "string", "maxLength": 3}},
    "required": ["vendorId"],
}

_TONE: Schema = {
    "javaType": "ToneEnum",
    "type": "string",
    "default": "Low",
    "additionalProperties": False,
    "enum": ["Low", "High.Pitch"],
}

_SPOT: Schema = {
    "javaType": "Spot",
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "tone": {"$ref": "#/definitions/ToneEnumType"},
        "at": {"type": "string", "format": "date-time"},
    },
    "required": ["at"],
}


def _root(name: str, definitions: Schema, properties: Schema, required: list[str] | None = None) -> Schema:
    root = {
        "$schema": DRAFT,
        "$id": f"urn:tiny:{name}",
        "definitions": definitions,
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
    }
    return {**root, "required": required} if required else root


SCHEMAS: dict[str, Schema] = {
    "PingRequest": _root(
        "PingRequest",
        {"SpotType": _SPOT, "ToneEnumType": _TONE, "CustomDataType": _VENDOR},
        {
            "id": {"type": "string", "maxLength": 4},
            "spots": {
                "type": "array",
                "additionalItems": False,
                "items": {"$ref": "#/definitions/SpotType"},
                "minItems": 2,
                "maxItems": 3,
            },
            "notes": {
                "type": "array",
                "additionalItems": False,
                "items": {"type": "string", "maxLength": 2},
                "minItems": 1,
            },
            "level": {"type": "integer", "minimum": 1.0, "maximum": 3.0, "default": 1},
            "drain": {"type": "number", "maximum": 0.0},
            "heat": {"type": "number"},
            "isLoud": {"type": "boolean"},
            "data": {},
            "tones": {"type": "array", "items": {"$ref": "#/definitions/ToneEnumType"}},
            "customData": {"$ref": "#/definitions/CustomDataType"},
        },
        ["spots"],
    ),
    "PingResponse": _root("PingResponse", {"CustomDataType": _VENDOR}, {}),
    "Shout": _root("Shout", {"ToneEnumType": _TONE}, {"tone": {"$ref": "#/definitions/ToneEnumType"}}, ["tone"]),
}

CATALOGUE = """
[blocks]
A = { title = "Noise", module = "noise" }

[actions]
Ping = { block = "A", initiator = "CSMS", kind = "CALL", since = "2.1" }
Shout = { block = "A", initiator = "CS", kind = "SEND", since = "2.0.1" }

[identifiers]
id = "all"
notes = ["PingRequest"]
"""

WORDING = """
[units]
1 = ""
"%" = "% of all"

[shared]
customData = "Data of a vendor."
tone = "Pitch."

[PingRequest]
_ = "Ask for an echo."
id = "Name."
spots = "Places."
notes = "Remarks."
level = { text = "Loudness.", unit = "%" }
drain = { text = "Loss.", unit = "1" }
heat = { text = "Warmth.", unit = "1" }
isLoud = "True when loud."
data = "Anything."
tones = "Pitches."

[PingResponse]
_ = "The echo."

[Shout]
_ = "Make noise."

[SpotType]
_ = "A place."
at = "When."

[CustomDataType]
_ = "Data of a vendor."
vendorId = "Vendor."

[ToneEnumType]
_ = "A pitch."
"""

COLUMNS = (
    "component,component_instance,variable,variable_instance,required,mutability,data_type,unit,default,min,max,"
    "values,meaning"
)

DEVICE_MODEL = f"""{COLUMNS}
Horn,,Tone,,yes,RW,OptionList,,Low,,,ToneEnumType,[min] pitch
Horn,,Loudness,Day,no,RO/RW,decimal,dB,,0,120.5,,how loud by day
Horn,,Loudness,Night,if quiet,RO,decimal,dB,,,,,how loud by night
EVSE,<slot>,Marks,,no,WO,MemberList,,(empty),,,"A,B","marks on ""it"", wide"
<generic>,,Label,,no,RO,string,,,,capacity,,name (any component)
"""


def schemas() -> dict[str, Schema]:
    """A copy to break, in which no two parts are one object."""
    copy: dict[str, Schema] = json.loads(json.dumps(SCHEMAS))
    return copy


def write_facts(folder: Path, catalogue: str = CATALOGUE, wording: str = WORDING) -> Path:
    """Write the catalogue, the wording and the device model into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "catalogue.toml").write_text(catalogue, encoding="utf-8")
    (folder / "wording.toml").write_text(wording, encoding="utf-8")
    (folder / "device-model.csv").write_text(DEVICE_MODEL, encoding="utf-8")
    return folder


def model(folder: Path, **changed: Any) -> Model:
    """Build the model of the tiny standard."""
    return build(schemas(), write_facts(folder, **changed))
