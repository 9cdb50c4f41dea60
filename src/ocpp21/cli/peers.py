"""The same work done by other libraries: JSON parsers, schema validators and the incumbent."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import json
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any, Final, NamedTuple

import msgspec
import orjson

from ocpp21 import codec, framing
from ocpp21.cli.datasets import MESSAGE_ID, Dataset

__all__ = ["OURS", "Job", "Peer", "contest", "peers"]


class Job(StrEnum):
    """What is measured, each on one CALL.

    Attributes:
        VALIDATE: payload bytes to a verdict. A parser alone gives none; it stands there as the yardstick.
        DECODE: frame bytes to what a handler is given.
        ENCODE: what an application hands over to frame bytes.
        FRAMING: frame bytes to message id, action and payload.
    """

    VALIDATE = "validate"
    DECODE = "decode"
    ENCODE = "encode"
    FRAMING = "framing"


OURS: Final = "ocpp21"

Work = Callable[[], object]


class Peer(NamedTuple):
    """A library that does some of the jobs.

    Attributes:
        name: as tables and package indexes call it.
        modules: what must be installed for it.
        works: makes its work on a data set, by job.
    """

    name: str
    modules: tuple[str, ...]
    works: Callable[[Dataset], dict[Job, Work]]

    @property
    def version(self) -> str | None:
        """Installed version; None when it, or what it needs, is not installed."""
        if not all(map(importlib.util.find_spec, self.modules)):
            return None
        return importlib.metadata.version(self.name)


def peers() -> tuple[Peer, ...]:
    """All that ours is compared with, ours first, installed or not."""
    return (
        Peer(OURS, ("ocpp21",), _ours),
        Peer("orjson", ("orjson",), _orjson),
        Peer("msgspec", ("msgspec",), _msgspec),
        Peer("fastjsonschema", ("fastjsonschema", "ocpp"), _fastjsonschema),
        Peer("jsonschema", ("jsonschema", "ocpp"), _jsonschema),
        Peer("jsonschema-rs", ("jsonschema_rs", "ocpp"), _jsonschema_rs),
        Peer("ocpp", ("ocpp",), _ocpp),
    )


def contest(job: Job, dataset: Dataset) -> dict[str, Work]:
    """Line up all installed peers that do a job; each has done it once without complaint."""
    works = {peer.name: peer.works(dataset) for peer in peers() if peer.version is not None}
    line_up = {name: by_job[job] for name, by_job in works.items() if job in by_job}
    for work in line_up.values():
        work()
    return line_up


def _ours(data: Dataset) -> dict[Job, Work]:
    message = type(data.request)
    return {
        Job.VALIDATE: lambda: codec.validate(message, data.payload),
        Job.DECODE: lambda: framing.unpack(data.frame),
        Job.ENCODE: lambda: framing.call(MESSAGE_ID, data.request),
        Job.FRAMING: lambda: framing.parse(data.frame),
    }


def _orjson(data: Dataset) -> dict[Job, Work]:
    """Parses and writes, checks nothing."""
    call = _as_list(data)
    return {
        Job.VALIDATE: lambda: orjson.loads(data.payload),
        Job.DECODE: lambda: orjson.loads(data.frame),
        Job.ENCODE: lambda: orjson.dumps(call),
        Job.FRAMING: lambda: orjson.loads(data.frame),
    }


def _msgspec(data: Dataset) -> dict[Job, Work]:
    """Into the same Structs, without the rules that their annotations do not hold."""
    typed = msgspec.json.Decoder(type(data.request)).decode
    head = msgspec.json.Decoder(tuple[int, str, str, msgspec.Raw]).decode
    encode = msgspec.json.Encoder().encode
    return {
        Job.VALIDATE: lambda: typed(data.payload),
        Job.DECODE: lambda: typed(head(data.frame)[3]),
        Job.ENCODE: lambda: encode([2, MESSAGE_ID, data.action.name, data.request]),
        Job.FRAMING: lambda: head(data.frame),
    }


def _fastjsonschema(data: Dataset) -> dict[Job, Work]:
    return _with_schema(data, _compiled(type(data.request).__name__))


@cache
def _compiled(name: str) -> Callable[[Any], object]:
    compiled: Callable[[Any], object] = _import("fastjsonschema").compile(_schema(name), use_default=False)
    return compiled


def _jsonschema(data: Dataset) -> dict[Job, Work]:
    draft = _import("jsonschema").Draft6Validator
    schema = _schema(type(data.request).__name__)
    return _with_schema(data, draft(schema, format_checker=draft.FORMAT_CHECKER).validate)


def _jsonschema_rs(data: Dataset) -> dict[Job, Work]:
    schema = _schema(type(data.request).__name__)
    return _with_schema(data, _import("jsonschema_rs").Draft6Validator(schema, validate_formats=True).validate)


def _with_schema(data: Dataset, check: Callable[[Any], object]) -> dict[Job, Work]:
    """A validator for parsed JSON, with the fastest parser in front."""
    call = _as_list(data)

    def encode() -> object:
        check(data.value)
        return orjson.dumps(call)

    return {
        Job.VALIDATE: lambda: check(orjson.loads(data.payload)),
        Job.DECODE: lambda: check(orjson.loads(data.frame)[3]),
        Job.ENCODE: encode,
    }


def _ocpp(data: Dataset) -> dict[Job, Work]:
    """What its ChargePoint does with a CALL, without the trip to another thread that it makes by default."""
    messages: Any = _import("ocpp.messages")
    charge_point: Any = _import("ocpp.charge_point")
    messages.ASYNC_VALIDATION = False
    snake_case = charge_point.camel_to_snake_case(data.value)
    action = data.action.name

    def check(call: Any) -> None:
        with suppress(StopIteration):
            messages.validate_payload(call, "2.1").send(None)

    def decode() -> object:
        call = messages.unpack(data.frame)
        check(call)
        return charge_point.camel_to_snake_case(call.payload)

    def encode() -> object:
        call = messages.Call(MESSAGE_ID, action, charge_point.snake_to_camel_case(snake_case))
        check(call)
        return call.to_json()

    return {
        Job.VALIDATE: lambda: check(messages.Call(MESSAGE_ID, action, json.loads(data.payload))),
        Job.DECODE: decode,
        Job.ENCODE: encode,
        Job.FRAMING: lambda: messages.unpack(data.frame),
    }


def _as_list(data: Dataset) -> list[Any]:
    return [2, MESSAGE_ID, data.action.name, data.value]


def _schema(name: str) -> dict[str, Any]:
    """The published schema of a message."""
    text = (resources.files("ocpp") / "v21" / "schemas" / f"{name}.json").read_text("utf-8-sig")
    schema: dict[str, Any] = json.loads(text)
    return schema


def _import(name: str) -> Any:
    """Import a peer: by name, for most have no types and none is needed."""
    return importlib.import_module(name)
