"""What a case expects of a payload: ``status == Accepted``, ``seqNo >= 0``, ``tbc absent or tbc == false``.

A check is one comparison, or several of which one must hold, and may hang on a condition (``... if ...``). It may be of
every entry of a list (``each reportData: variableCharacteristics present``), with paths that begin there. Letters as
indices (``reportData[i].component.name``) are bound over all checks of an expectation: some entry must meet them all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import product
from typing import Any, Final, Literal, TypeAlias

from ocpp21.conformance.cases.paths import ABSENT, Path, find, indices, leaves_open, parse_path, text_of

__all__ = ["Check", "CheckError", "Comparison", "Mismatch", "Resolve", "mismatch", "parse_check"]

Operator: TypeAlias = Literal["==", "!=", ">=", "<=", ">", "<", "in", "present", "absent", "contains", "lacks", "count"]

#: Gives the value that a text of a case stands for, placeholders resolved.
Resolve = Callable[[str], Any]

_COMPARISON: Final = re.compile(r"(?P<path>\S+) (?P<operator>==|!=|>=|<=|>|<|contains|lacks) (?P<value>.+)")
_COUNT: Final = re.compile(r"(?P<path>\S+) count (?P<operator>==|>=|<=|>|<) (?P<value>.+)")
_ONE_OF: Final = re.compile(r"(?P<path>\S+) in \((?P<values>.+)\)")
_EACH: Final = re.compile(r"each (?P<each>\S+): (?P<check>.+)")
_PRESENCE: Final = re.compile(r"(?P<path>\S+) (?P<operator>present|absent)")


class CheckError(ValueError):
    """A check that cannot be read; the text says what was expected and found."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison.

    Attributes:
        path: where to look.
        operator: how to compare; ``count`` compares the number of entries by ``count_operator``.
        values: what with: one for most operators, none for presence; placeholders are not resolved.
        count_operator: of ``count``.
    """

    path: Path
    operator: Operator
    values: tuple[str, ...] = ()
    count_operator: str = ""

    def __str__(self) -> str:
        where = text_of(self.path)
        match self.operator:
            case "in":
                return f"{where} in ({', '.join(self.values)})"
            case "count":
                return f"{where} count {self.count_operator} {self.values[0]}"
            case "present" | "absent":
                return f"{where} {self.operator}"
        return f"{where} {self.operator} {self.values[0]}"


@dataclass(frozen=True, slots=True)
class Check:
    """Comparisons of which one must hold, when the condition does.

    Attributes:
        alternatives: the comparisons.
        condition: when it does not hold, nothing is checked.
        each: path of a list whose entries must all meet the check; empty for the payload as a whole.
    """

    alternatives: tuple[Comparison, ...]
    condition: Comparison | None = None
    each: Path = ()

    def __str__(self) -> str:
        text = " or ".join(map(str, self.alternatives))
        text = text if self.condition is None else f"{text} if {self.condition}"
        return f"each {text_of(self.each)}: {text}" if self.each else text

    @property
    def place(self) -> Path:
        """Where the first comparison looks, from the payload on."""
        return (*self.each, *self.alternatives[0].path)


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A check that does not hold.

    Attributes:
        expected: the check.
        found: what stands there instead.
    """

    expected: str
    found: str


def parse_check(text: str, /) -> Check:
    """Read a check.

    Raises:
        CheckError: it is none.
        PathError: it has no path.
    """
    if match := _EACH.fullmatch(text):
        return replace(parse_check(match["check"]), each=parse_path(match["each"]))
    body, _, condition = text.partition(" if ")
    alternatives: list[Comparison] = []
    for part in body.split(" or "):
        alternatives.append(_comparison(part.strip(), alternatives[0].path if alternatives else None))
    return Check(tuple(alternatives), _comparison(condition, None) if condition else None)


def _comparison(text: str, path: Path | None) -> Comparison:
    """Read one comparison; that of an alternative may leave out the path of the first."""
    if path is not None and text.split(" ")[0] in ("present", "absent", "==", "!=", ">=", "<=", "in"):
        text = f"{text_of(path)} {text}"
    if match := _PRESENCE.fullmatch(text):
        return Comparison(parse_path(match["path"]), "present" if match["operator"] == "present" else "absent")
    if match := _ONE_OF.fullmatch(text):
        return Comparison(parse_path(match["path"]), "in", tuple(value.strip() for value in match["values"].split(",")))
    if match := _COUNT.fullmatch(text):
        return Comparison(parse_path(match["path"]), "count", (match["value"],), match["operator"])
    if match := _COMPARISON.fullmatch(text):
        operator: Any = match["operator"]
        return Comparison(parse_path(match["path"]), operator, (match["value"],))
    raise CheckError(f"expected a check such as `status == Accepted`, found {text!r}")


def mismatch(checks: Sequence[Check], payload: Any, resolve: Resolve, /) -> Mismatch | None:
    """Look for the first check that a payload does not meet.

    Args:
        checks: all of which must hold.
        payload: decoded JSON.
        resolve: of the values in the checks.

    Returns:
        The mismatch of the entries that meet most, or None when all hold.
    """
    best: tuple[int, Mismatch] | None = None
    for letters in _bindings(checks, payload):
        for number, check in enumerate(checks):
            if not _holds(check, payload, resolve, letters):
                wrong = Mismatch(str(check), _shown(check, payload, letters))
                if best is None or number > best[0]:
                    best = (number, wrong)
                break
        else:
            return None
    return best and best[1]


def _bindings(checks: Sequence[Check], payload: Any) -> Iterator[dict[str, int]]:
    """All that the letters may stand for; one empty binding when there are none."""
    ranges: dict[str, list[int]] = {}
    for check in checks:
        for comparison in check.alternatives:
            for _, index in comparison.path:
                if isinstance(index, str) and len(index) == 1 and index != "*" and not ranges.get(index):
                    ranges[index] = sorted(set(indices(payload, comparison.path, index))) or [0]
    for numbers in product(*ranges.values()):
        if len(set(numbers)) == len(numbers):
            yield dict(zip(ranges, numbers, strict=True))


def _holds(check: Check, payload: Any, resolve: Resolve, letters: Mapping[str, int]) -> bool:
    if check.each:
        inner = replace(check, each=())
        return all(_holds(inner, entry, resolve, letters) for entry in _list(find(payload, check.each, letters)))
    if check.condition is not None and not _is_true(check.condition, payload, resolve, letters):
        return True
    return any(_is_true(comparison, payload, resolve, letters) for comparison in check.alternatives)


def _list(found: Sequence[Any]) -> Iterator[Any]:
    """All entries of the lists that were found."""
    for one in found:
        if isinstance(one, list):
            yield from one
        elif one is not ABSENT:
            yield one


def _is_true(comparison: Comparison, payload: Any, resolve: Resolve, letters: Mapping[str, int]) -> bool:
    found = find(payload, comparison.path, letters)
    if comparison.operator == "absent":
        return all(value is ABSENT for value in found)
    expected = [resolve(value) for value in comparison.values]
    if ABSENT in expected and len(expected) == 1:
        return all(value is ABSENT for value in found) is (comparison.operator == "==")
    if comparison.operator == "!=":
        return all(value is ABSENT or not same(value, expected[0]) for value in found)
    if comparison.operator == "==" and str(expected[0]).lower() == "false":
        found = [False if value is ABSENT else value for value in found]  # what every boolean has as default
    if not found or ABSENT in found:
        if comparison.operator == "count":
            return _orders(comparison.count_operator, 0, expected[0])
        return ABSENT in expected and all(value is ABSENT or _among(value, expected) for value in found)
    if comparison.operator == "present":
        return True
    test = _TESTS[comparison.operator]
    quantifier = any if leaves_open(payload, comparison.path) else all
    return quantifier(test(value, expected, comparison.count_operator) for value in found)


def same(value: Any, expected: Any, /) -> bool:
    """Whether a value of a payload is the one expected; texts are read as what the payload has."""
    if isinstance(value, bool):
        return value is expected if isinstance(expected, bool) else str(value).lower() == str(expected).lower()
    if isinstance(value, int | float) and not isinstance(expected, bool):
        number = _number(expected)
        return number is not None and abs(value - number) < 1e-9
    if isinstance(value, str) and not isinstance(expected, str):
        return value == (str(expected).lower() if isinstance(expected, bool) else str(expected))
    return bool(value == expected)


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _among(value: Any, expected: Sequence[Any]) -> bool:
    return any(same(value, one) for one in expected)


def _contains(value: Any, expected: Any) -> bool:
    members = value if isinstance(value, list) else [part.strip() for part in str(value).split(",")]
    is_part = isinstance(value, str) and str(expected) in value and not str(expected).isdigit()  # 12 has no slot 2
    return is_part or any(same(member, expected) for member in members)


def _orders(operator: str, left: Any, right: Any) -> bool:
    first, second = _number(left), _number(right)
    if first is None or second is None:
        if not isinstance(left, str) or not isinstance(right, str):
            return False
        try:
            return _ORDERS[operator](datetime.fromisoformat(left), datetime.fromisoformat(right))
        except (TypeError, ValueError):
            return _ORDERS[operator](left, right)
    return _ORDERS[operator](first, second)


_ORDERS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "==": lambda left, right: bool(left == right),
    ">=": lambda left, right: bool(left >= right),
    "<=": lambda left, right: bool(left <= right),
    ">": lambda left, right: bool(left > right),
    "<": lambda left, right: bool(left < right),
}

_TESTS: Final[dict[str, Callable[[Any, list[Any], str], bool]]] = {
    "==": lambda value, expected, _: same(value, expected[0]),
    "in": lambda value, expected, _: _among(value, expected),
    "contains": lambda value, expected, _: _contains(value, expected[0]),
    "lacks": lambda value, expected, _: not _contains(value, expected[0]),
    ">=": lambda value, expected, _: _orders(">=", value, expected[0]),
    "<=": lambda value, expected, _: _orders("<=", value, expected[0]),
    ">": lambda value, expected, _: _orders(">", value, expected[0]),
    "<": lambda value, expected, _: _orders("<", value, expected[0]),
    "count": lambda value, expected, operator: isinstance(value, list) and _orders(operator, len(value), expected[0]),
}


def _shown(check: Check, payload: Any, letters: Mapping[str, int]) -> str:
    """Say what stands where the first alternative looks, in at most 120 characters."""
    found = find(payload, check.place, letters)
    text = ", ".join("nothing" if value is ABSENT else repr(value) for value in found) or "no entry"
    return text if len(text) <= 120 else text[:117] + "..."
