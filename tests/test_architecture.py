"""Who imports whom: every module only from the floors below it, or from its own package."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src"

#: From the ground up. What stands on one floor does not import one another; a package counts as one module.
FLOORS = [
    {"errors", "open_files"},
    {"refusal"},
    {"identity", "spelling"},
    {"wire"},
    {"messages"},
    {"_speedups"},
    {"codec", "shapes"},
    {"framing"},
    {"signing"},
    {"redaction"},
    {"events", "limits", "observation", "versions", "decision", "network_profile"},
    {"calls"},
    {"session", "recording"},
    {"handlers", "id_tokens"},
    {
        "block",
        "certificate_chains",
        "database",
        "device_model",
        "growing_delay",
        "local_lists",
        "measured",
        "vendors",
    },
    {"station", "csms"},
    {"asyncio", "simulator"},
    {"testing", "load"},
    {"conformance"},
    {"ocpp21"},
    {"cli"},
    {"__main__"},
]

#: What the lower floors, up to the session, may need besides the standard library.
FOUNDATION = {"msgspec", "orjson"}

#: What a module imports where it is used only, since it comes as an extra.
EXTRAS = {"ocpp21.signing": {"cryptography"}, "ocpp21.testing.pki": {"cryptography"}}

FLOOR_OF = {name: floor for floor, names in enumerate(FLOORS) for name in names}

IMPORT = re.compile(r"^\s*(?:from\s+(?P<source>[\w.]+)\s+c?import\b|c?import\s+(?P<name>[\w.]+))", re.MULTILINE)


def python_imports(path: Path, module: str) -> Iterator[str]:
    """Absolute names of what a module imports, wherever it does; ``from a import b`` is ``a.b``."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = module if path.name == "__init__.py" else module.rpartition(".")[0]
            parents = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            source = ".".join([*parents, *filter(None, [node.module])])
            yield from (f"{source}.{alias.name}" for alias in node.names)


def cython_imports(path: Path) -> Iterator[str]:
    """The same of a Cython source, which is no Python; the names behind ``import`` are left out."""
    for match in IMPORT.finditer(path.read_text(encoding="utf-8")):
        name = match["source"] or match["name"]
        if name == "ocpp21":
            line = path.read_text(encoding="utf-8")[match.end() :].partition("\n")[0]
            yield from (f"ocpp21.{part.strip()}" for part in line.split(","))
        else:
            yield name


def modules() -> dict[str, Path]:
    """Every source of the product by its name as a module; the extensions are installed as ``ocpp21._speedups``."""
    found = {}
    for path in sorted(SOURCE.rglob("*.py*")):
        if path.suffix not in (".py", ".pyi", ".pyx", ".pxd"):
            continue
        parts = list(path.relative_to(SOURCE).with_suffix("").parts)
        if parts[0] == "_speedups":
            parts.insert(0, "ocpp21")
        if parts[-1] == "__init__":
            parts.pop()
        found[".".join(parts) + (path.suffix if path.suffix != ".py" else "")] = path
    return found


MODULES = modules()


def name_of(module: str) -> str:
    """Which entry of ``FLOORS`` a module belongs to; the package itself is its public face."""
    _, _, rest = module.partition(".")
    return rest.partition(".")[0] or "ocpp21"


def imports(module: str) -> list[str]:
    path = MODULES[module]
    if path.suffix in (".pyx", ".pxd"):
        return list(cython_imports(path))
    return list(python_imports(path, module.removesuffix(".pyi")))


def ours(module: str) -> set[str]:
    """Entries of ``FLOORS`` that a module imports, its own left out."""
    own = name_of(module)
    targets = {name for name in imports(module) if name.partition(".")[0] == "ocpp21"}
    names = {name_of(target) if name_of(target) in FLOOR_OF else "ocpp21" for target in targets}
    return names - {own}


def foreign(module: str) -> set[str]:
    tops = {name.partition(".")[0] for name in imports(module)}
    return tops - {"ocpp21", "cpython", "libc", "cython"} - sys.stdlib_module_names


def test_the_imports_are_found() -> None:
    assert {"ocpp21", "ocpp21.messages.registry", "ocpp21._speedups.walk.pyx", "ocpp21.cli.app"} <= MODULES.keys()
    assert ours("ocpp21.messages.registry") == {"wire"}
    assert ours("ocpp21.messages.datatypes") == {"wire"}
    assert {"errors", "refusal", "messages", "_speedups"} <= ours("ocpp21.codec")
    assert ours("ocpp21._speedups.validators.pyx") == {"refusal"}
    assert "codec" in ours("ocpp21")


@pytest.mark.parametrize("module", MODULES)
def test_every_module_stands_on_a_floor(module: str) -> None:
    assert name_of(module.removesuffix(".pyi")) in FLOOR_OF


@pytest.mark.parametrize("module", MODULES)
def test_no_module_imports_upward(module: str) -> None:
    floor = FLOOR_OF[name_of(module)]
    assert [name for name in sorted(ours(module)) if FLOOR_OF[name] >= floor] == []


@pytest.mark.parametrize("module", MODULES)
def test_the_lower_floors_need_msgspec_and_orjson_alone(module: str) -> None:
    if FLOOR_OF[name_of(module)] <= FLOOR_OF["session"]:
        assert foreign(module) <= FOUNDATION | EXTRAS.get(module, set())


@pytest.mark.parametrize("module", EXTRAS)
def test_extras_are_imported_where_they_are_used(module: str) -> None:
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    names = {alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in tree.body if isinstance(node, ast.ImportFrom)}
    assert not {name.partition(".")[0] for name in names} & EXTRAS[module]


@pytest.mark.parametrize("module", MODULES)
def test_the_product_does_not_import_the_generator(module: str) -> None:
    assert "codegen" not in foreign(module)


@pytest.mark.parametrize("path", sorted((ROOT / "codegen").rglob("*.py")), ids=lambda path: path.name)
def test_the_generator_does_not_import_the_product(path: Path) -> None:
    assert "ocpp21" not in {name.partition(".")[0] for name in python_imports(path, f"codegen.{path.stem}")}


def test_errors_import_nothing_of_ours() -> None:
    assert ours("ocpp21.errors") == set()


def test_the_two_roles_stand_on_one_floor() -> None:
    assert FLOOR_OF["station"] == FLOOR_OF["csms"]
