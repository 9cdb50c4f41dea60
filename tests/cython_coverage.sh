#!/bin/sh
# Build the extensions with line tracing in a temporary directory, run their tests, and report which lines ran.
#
#   tests/cython_coverage.sh       needs a C compiler and the test dependencies; PYTHON names the interpreter
set -eu

python=${PYTHON:-python}
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cp -r "$root/src" "$root/tests" "$root/schemas" "$root/codegen" "$root/setup.py" "$root/pyproject.toml" "$work"
find "$work/src" -name '*.so' -delete
cd "$work"
OCPP21_TRACE=1 "$python" setup.py -q build --build-lib site >log 2>&1 || { cat log; exit 1; }

cat >coveragerc <<'END'
[run]
plugins = Cython.Coverage
source = build/cython/ocpp21/_speedups
END
PYTHONPATH=$work/site "$python" -m coverage run --rcfile coveragerc -m pytest -q -p no:cacheprovider \
    -k "not memory and not linear and not flat and not cost" \
    tests/test_speedups_*.py tests/test_codec.py tests/test_framing.py tests/test_vectors.py
"$python" -m coverage report --rcfile coveragerc --show-missing --fail-under=95
