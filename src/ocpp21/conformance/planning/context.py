"""What is known while a case is played, and what its placeholders mean by that.

A placeholder stands for a part of the configuration, for something that was said in an earlier step
(``<versionNumber of step 1>``), for an argument of the state (``<given evseId>``), or for a new value
(``<generated>``). ``data/placeholders.toml`` is the dictionary; sums with numbers are understood.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Any, Final
from urllib.parse import urlsplit

from ocpp21.conformance.cases.checks import mismatch, parse_check
from ocpp21.conformance.cases.paths import ABSENT
from ocpp21.conformance.configuration import Configuration, Token
from ocpp21.conformance.planning.values import basic_credentials, priority, status_of
from ocpp21.conformance.verdict import Inconclusive

__all__ = ["PRESENT", "Context", "Unknown", "understands"]

_PLACEHOLDER: Final = re.compile(r"<([^<>]*)>")
_OF_STEP: Final = re.compile(r"(\w+) (?:of|from) step (\w+)")
_SUM: Final = re.compile(r"(.+?) ([+-]) (.+)")
_PRODUCT: Final = re.compile(r"(\d+|<[^<>]*>) x (<[^<>]*>)")
#: Begin what is computed of the slots that the station connects by.
_SLOTS: Final = "list "
#: Where a seqNo stands from the last one.
_SKIPPING: Final = {"skips two values": 3, "first skipped value": -2, "second skipped value": -1}
#: Some value or other.
PRESENT: Final = object()
_STARTED: Final = re.compile(r"updated if state is .*, else started|updated or started|started or updated")


class Unknown(Inconclusive):
    """A placeholder that has no meaning yet."""


@cache
def _dictionary() -> Mapping[str, Mapping[str, Any]]:
    text = (resources.files("ocpp21.conformance") / "data" / "placeholders.toml").read_text("utf-8")
    return tomllib.loads(text)


def _normal(text: str) -> str:
    return " ".join(text.lower().replace("_", " ").split()).removeprefix("configured ")


@dataclass(slots=True)
class Context:
    """What is known.

    Attributes:
        configuration: of the run.
        now: the wall time before anything is played.
        transaction: id of the transaction, or None before one.
        is_running: whether a transaction runs.
        request: the last requestId.
        remote_start: the last remoteStartId.
        started_at: timestamp of the event that has begun the transaction.
        ended_at: timestamp of the event that has ended it.
        arguments: of the state that is being entered.
        said: payloads by step.
        told: status of IdTokens as the system under test was told last.
        transactions: how many have been made up.
        bound: values of the placeholders that repeated steps are played for.
        clock: gives the wall time while something is.
        urls: of the endpoints of the test system, where a station is under test.
    """

    configuration: Configuration
    now: datetime
    transaction: str | None = None
    is_running: bool = False
    request: int = 0
    remote_start: int = 0
    started_at: str | None = None
    ended_at: str | None = None
    arguments: Mapping[str, str] = field(default_factory=dict)
    said: dict[str, Any] = field(default_factory=dict)
    told: dict[str, str] = field(default_factory=dict)
    transactions: int = 0
    bound: dict[str, Any] = field(default_factory=dict)
    clock: Callable[[], datetime] | None = None
    urls: tuple[str, ...] = ()

    def begin(self) -> str:
        """Make up the id of a new transaction, where the test system plays the station."""
        self.transactions += 1
        self.transaction = f"conformance-{self.transactions}"
        return self.transaction

    def timestamp(self) -> str:
        """Now, as it is written on the wire."""
        now = self.now if self.clock is None else self.clock()
        return now.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def resolve(self, text: Any, name: str = "") -> Any:
        """Give the value that a text stands for.

        Args:
            text: with or without placeholders; anything else is returned as it is.
            name: of the member whose value it is.

        Raises:
            Unknown: a placeholder has no meaning.
        """
        if isinstance(text, list):
            return [self.resolve(entry, name) for entry in text]
        if not isinstance(text, str):
            return text
        if text == "absent":
            return ABSENT
        if text[:1] + text[-1:] == "[]":
            return [self.resolve(part.strip(), name) for part in text[1:-1].split(",")]
        whole = _PLACEHOLDER.fullmatch(text)
        if whole is not None:
            return self._value(whole[1], name)
        if match := _PRODUCT.fullmatch(text):
            return float(self.resolve(match[1], name)) * float(self.resolve(match[2], name))
        if (match := _SUM.fullmatch(text)) and _PLACEHOLDER.fullmatch(match[1]):
            return self._sum(self.resolve(match[1], name), match[2], match[3], name)
        return _PLACEHOLDER.sub(lambda found: str(self._value(found[1], name)), text)

    def has_said(self, condition: str, /) -> bool:
        """Whether an earlier step has said something: ``A1: eventType == Ended``."""
        step, _, check = condition.partition(": ")
        said = self.said.get(step)
        return said is not None and mismatch([parse_check(check)], said, self.resolve) is None

    def token(self, text: str) -> Token | None:
        """The IdToken of the configuration that a text speaks of."""
        value = _dictionary()["configured"].get(_normal(text.strip("<>")), "")
        found = getattr(self.configuration, value.partition(".")[0], None) if value else None
        return found if isinstance(found, Token) else None

    def _value(self, text: str, name: str) -> Any:
        normal = _normal(text)
        if normal in self.bound:
            return self.bound[normal]
        if (made := self._made(normal, text, name)) is not None:
            return made
        tables = _dictionary()
        argument = {"evseid": "evseId", "connectorid": "connectorId"}.get(normal)
        if argument is not None and argument in self.arguments and self.arguments[argument] != f"<{text}>":
            return self.resolve(self.arguments[argument], argument)
        if normal in tables["configured"]:
            value: Any = self.configuration
            for part in tables["configured"][normal].split("."):
                value = getattr(value, part)
            return value
        if normal in tables["seen"]:
            value = getattr(self, tables["seen"][normal])
            if value is None:
                raise Unknown(f"nothing that <{text}> could be has been seen")
            return value
        if normal in tables["constant"]:
            return tables["constant"][normal]
        if normal in tables["absent"]:
            return ABSENT
        if normal in tables["now"]:
            return self.timestamp()
        if normal in _SKIPPING:
            sequence = self.said.get("sequence", 0) + _SKIPPING[normal]
            self.said["sequence"] = max(sequence, self.said.get("sequence", 0))
            return sequence
        if normal == "present":
            return PRESENT
        if normal == "generated":
            self.request += 1
            return self.request
        if _STARTED.fullmatch(normal):
            return "Updated" if self.is_running else "Started"
        if normal in ("configured", "for slot"):
            return self._configured(name)
        if normal.startswith("given "):
            return self._given(normal, text)
        if match := _OF_STEP.fullmatch(text.strip()):
            return self._of_step(match[2], match[1], text)
        if match := _SUM.fullmatch(text):
            return self._sum(self._value(match[1], name), match[2], match[3], name)
        raise Unknown(f"<{text}> has no meaning here")

    def _made(self, normal: str, text: str, name: str) -> Any:
        """What is made out of other values."""
        if normal.startswith(_SLOTS):
            found = priority(normal, self.said, self.configuration.inactive_slot)
            if found is None:
                raise Unknown(f"nothing that <{text}> could be has been seen")
            return found
        if normal in ("active ocppcsmsurl", "inactive ocppcsmsurl") and self.urls:
            return self.urls[-1 if normal.startswith("inactive") else 0]
        second = self.configuration.security.second_password
        if normal == "basicauthpassword of the second endpoint":
            return ABSENT if second is None else second
        if normal == "password at the second endpoint":
            return self.configuration.password if second is None else second
        if normal == "csms host" and self.urls:
            return urlsplit(self.urls[0]).hostname
        if normal == "matching certificate" and self.arguments.get("certificateType") == "CSMSRootCertificate":
            root = self.configuration.security.new_root
            if root is None:
                raise Unknown(f"nothing that <{text}> could be has been seen: no new_root in [security]")
            return root.read_text("ascii")
        if (given := self.arguments.get(text)) is not None and given != f"<{text}>":
            return self.resolve(given, text)

        def value(of: str) -> Any:
            return self._value(of, name)

        return basic_credentials(text, value) or status_of(normal, value)

    def _configured(self, name: str) -> Any:
        security = self.configuration.security
        members = {
            "evseId": self.configuration.evse_id,
            "id": self.configuration.evse_id,
            "connectorId": self.configuration.connector_id,
            "versionNumber": self.configuration.list_version,
            "TxUpdatedInterval": self.configuration.sample_interval_s,
            "TxUpdatedMeasurands": "Energy.Active.Import.Register",
            "RetryBackOffWaitMinimum": self.configuration.back_off_s,
            "messageTimeout": 30,
            "ocppInterface": "Any",
            "securityProfile": security.profile_of(2),
        }
        if name not in members:
            raise Unknown(f"<configured> has no meaning for {name or 'this'}")
        return members[name]

    def _given(self, normal: str, text: str) -> Any:
        name = normal.removeprefix("given ").partition(",")[0]
        for key, value in self.arguments.items():
            if _normal(key) == name:
                return self.resolve(value, key)
        if "default configured" in normal or name in ("evseid", "connectorid", "valid idtoken", "valid idtoken type"):
            default = {"evseid": "evseId", "connectorid": "connectorId"}.get(name)
            if default == "connectorId" or (default == "evseId" and "default" not in normal):
                return ABSENT
            return self._value(name, default or "")
        raise Unknown(f"<{text}> was not given")

    def _of_step(self, step: str, name: str, text: str) -> Any:
        found = _search(self.said.get(step), name)
        if found is ABSENT:
            raise Unknown(f"step {step} has no {name} for <{text}>")
        return found

    def _sum(self, value: Any, sign: str, text: str, name: str) -> Any:
        try:
            other = (
                float(text) if re.fullmatch(r"[\d.]+", text.strip()) else float(self._value(text.strip(" <>"), name))
            )
            total = float(value) + (other if sign == "+" else -other)
        except (TypeError, ValueError) as error:
            raise Unknown(f"{value!r} {sign} {text} is no sum of numbers") from error
        return int(total) if total == int(total) else total


def _search(payload: Any, name: str) -> Any:
    """Find a member of this name, wherever it stands."""
    entries: list[Any] = [payload]
    while entries:
        entry = entries.pop(0)
        if isinstance(entry, Mapping):
            if name in entry:
                return entry[name]
            entries.extend(entry.values())
        elif isinstance(entry, list):
            entries.extend(entry)
    return ABSENT


def understands(text: str, context: Context, name: str = "") -> str:
    """Say why a text cannot be resolved whatever will have been said; nothing when it can be."""
    try:
        context.resolve(text, name)
    except Unknown as error:
        wants_more = "has been seen" in str(error) or (" has no " in str(error) and "step" in str(error))
        return "" if wants_more else str(error)
    return ""
