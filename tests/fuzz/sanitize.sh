#!/bin/sh
# Build the extensions with AddressSanitizer and UndefinedBehaviorSanitizer, run their tests, then fuzz each of them.
#
#   tests/fuzz/sanitize.sh [SECONDS]      seconds of fuzzing per target, 60 unless given; 0 leaves the fuzzing out
#
# Needs gcc with libasan and libubsan, the test dependencies and, to fuzz, atheris. PYTHON names the interpreter.
# Everything is built and kept in a temporary directory; an input that fails is copied to the current directory.
set -eu

seconds=${1:-60}
python=${PYTHON:-python}
caller=$PWD
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

echo "== building in $work"
cp -r "$root/src" "$root/setup.py" "$root/pyproject.toml" "$work"
cd "$work"
find src -name '*.so' -delete
flags="-fsanitize=address,undefined -fno-sanitize-recover=undefined"
CC=gcc CFLAGS="-O1 -g -fno-omit-frame-pointer $flags" LDFLAGS="$flags" \
    "$python" setup.py -q build --build-lib "$work/site" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }

# The interpreter itself is not instrumented: it leaks by design, and malloc must be the sanitizer's to be checked.
sanitized() {
    LD_PRELOAD="$(gcc -print-file-name=libasan.so):$(gcc -print-file-name=libstdc++.so)" \
    ASAN_OPTIONS=detect_leaks=0:abort_on_error=1:allocator_may_return_null=1 \
    UBSAN_OPTIONS=print_stacktrace=1 \
    PYTHONMALLOC=malloc PYTHONPATH="$work/site" PYTHONDONTWRITEBYTECODE=1 "$python" "$@"
}

cd "$root"
sanitized -c "import ocpp21._speedups.validators as v; assert v.__file__.startswith('$work'), v.__file__"

# Memory in quarantine looks like memory lost, and nothing is as fast as it should be.
echo "== tests"
sanitized -m pytest -q -p no:cacheprovider -k "not memory and not linear and not flat and not cost" \
    tests/test_speedups_validators.py tests/test_speedups_framing.py tests/test_differential.py

[ "$seconds" -gt 0 ] || exit 0
"$python" tests/fuzz/seeds.py "$work/corpus"
for target in validators framing; do
    echo "== fuzzing $target for $seconds s"
    sanitized "tests/fuzz/fuzz_$target.py" "$work/corpus/$target" \
        -max_total_time="$seconds" -max_len=4096 -timeout=10 -print_final_stats=1 -artifact_prefix="$caller/"
done
echo "== clean"
