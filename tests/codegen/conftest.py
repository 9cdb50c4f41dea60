"""What the tests of the generator share: the model of the whole standard, built once."""

from __future__ import annotations

from pathlib import Path

import pytest

from codegen.load import load_schemas
from codegen.model import Model, build

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def model() -> Model:
    return build(load_schemas(ROOT / "schemas"), ROOT / "codegen")
