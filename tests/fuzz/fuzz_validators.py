"""Fuzz the byte validator against its twin: ``python tests/fuzz/fuzz_validators.py CORPUS -max_total_time=600``."""

import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

# Coverage of the twin guides the fuzzer: what is new to the twin is new to the extension.
with atheris.instrument_imports(include=["naive_validator"]):
    import targets

if __name__ == "__main__":
    atheris.Setup(sys.argv, targets.validators)
    atheris.Fuzz()
