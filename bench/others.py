"""Peers that need more than a package: models of pydantic, which are generated, and ajv, which runs under node."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec

from ocpp21.cli.datasets import MESSAGE_ID, Dataset
from ocpp21.cli.peers import Job, Work, contest

SCHEMAS: Final = Path(__file__).parents[1] / "schemas"
AJV: Final = Path(__file__).with_name("ajv")


def line_up(job: Job, dataset: Dataset) -> dict[str, Any]:
    """All peers that are there and do a job, each with its work; ours first."""
    works: dict[str, Any] = dict(contest(job, dataset))
    if job in (found := _pydantic(dataset)):
        found[job]()
        works["pydantic"] = found[job]
    if (ajv := Ajv.of(job, dataset)) is not None:
        works["ajv"] = ajv
    return works


def versions() -> dict[str, str]:
    """Versions of the peers of this module that are there."""
    found = {"pydantic": importlib.metadata.version("pydantic")}
    if _node() is not None:
        package = json.loads((AJV / "node_modules" / "ajv" / "package.json").read_text(encoding="utf-8"))
        found["ajv"] = package["version"]
        found["node"] = subprocess.run(["node", "--version"], capture_output=True, text=True).stdout.strip()
    return found


def _pydantic(data: Dataset) -> dict[Job, Work]:
    """Models as datamodel-code-generator makes them of the published schemas."""
    name = type(data.request).__name__
    model = getattr(_generated(name), name)
    head = msgspec.json.Decoder(tuple[int, str, str, msgspec.Raw]).decode
    made = model.model_validate_json(data.payload)
    start = f'[2,"{MESSAGE_ID}","{data.action.name}",'
    return {
        Job.VALIDATE: lambda: model.model_validate_json(data.payload),
        Job.DECODE: lambda: model.model_validate_json(bytes(head(data.frame)[3])),
        Job.ENCODE: lambda: f"{start}{made.model_dump_json(by_alias=True, exclude_none=True)}]".encode(),
    }


@cache
def _generated(name: str) -> Any:
    from datamodel_code_generator import InputFileType, generate
    from datamodel_code_generator.enums import DataModelType

    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / f"{name}.py"
        generate(
            SCHEMAS / f"{name}.json",
            input_file_type=InputFileType.JsonSchema,
            output=file,
            output_model_type=DataModelType.PydanticV2BaseModel,
            class_name=name,
            formatters=[],
        )
        spec = importlib.util.spec_from_file_location(f"generated_{name}", file)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
    return module


class Ajv:
    """Work that a process of node does, and times there: neither its start nor the pipe counts."""

    def __init__(self, process: subprocess.Popen[str], order: dict[str, Any]) -> None:
        self._process = process
        self._order = order

    @classmethod
    def of(cls, job: Job, data: Dataset) -> Ajv | None:
        """The work on a data set; None when node or ajv is not there."""
        process = _node()
        if process is None:
            return None
        schema = json.loads((SCHEMAS / f"{type(data.request).__name__}.json").read_text(encoding="utf-8-sig"))
        work = {"job": job, "schema": schema, "payload": data.payload.decode(), "frame": data.frame.decode()}
        return cls(process, work)

    def timeit(self, loops: int, /) -> float:
        """Do it so many times: seconds."""
        if _in_hand.get(self._process.pid) is not self:
            assert self._ask(self._order) == "ready"
            _in_hand[self._process.pid] = self
            self._ask(200)  # compiled by its engine by then
        return float(self._ask(loops))

    def _ask(self, order: Any) -> str:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()


_in_hand: dict[int, Ajv] = {}


@cache
def _node() -> subprocess.Popen[str] | None:
    if shutil.which("node") is None or not (AJV / "node_modules" / "ajv").is_dir():
        return None
    return subprocess.Popen(
        ["node", AJV / "serve.js"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=AJV
    )
