#!/bin/sh
# Build the extensions with AddressSanitizer and UndefinedBehaviorSanitizer, run their tests, then fuzz each of them.
#
#   tests/fuzz/sanitize.sh [SECONDS]      seconds of fuzzing per target, 60 unless given; 0 leaves the fuzzing out
#
# Needs gcc, the test dependencies, and atheris, whose runtime of the sanitizers has the fuzzer in it (gcc's own would
# hide the coverage from the fuzzer). PYTHON names the interpreter. Everything is built and kept in a temporary
# directory; an input that fails is written to the current directory.
set -eu

seconds=${1:-60}
python=${PYTHON:-python}
caller=$PWD
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cc="gcc -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined"
runtime=$("$python" -c 'import atheris; print(atheris.path())')/asan_with_fuzzer.so

# The interpreter itself is not instrumented: it leaks by design, and malloc must be the sanitizer's to be checked.
sanitized() {
    LD_PRELOAD=$runtime ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1 \
        PYTHONMALLOC=malloc PYTHONPATH="$work/site" PYTHONDONTWRITEBYTECODE=1 "$python" "$@"
}

echo "== does the lane catch anything"
cat >"$work/bad.c" <<'END'
int behind(const char *text, int size) { return text[size]; }
int overflow(int number) { return number + 1; }
END
$cc -fPIC -c "$work/bad.c" -o "$work/bad.o"
gcc -shared "$work/bad.o" -o "$work/bad.so"
for call in 'behind(bytes(bytearray(4096)), 4096 + 33)' 'overflow(2**31 - 1)'; do
    if sanitized -c "import ctypes; ctypes.CDLL('$work/bad.so').$call" 2>/dev/null; then
        echo "the sanitizers let $call pass" >&2
        exit 1
    fi
done

echo "== building in $work"
cp -r "$root/src" "$root/setup.py" "$root/pyproject.toml" "$work"
find "$work/src" -name '*.so' -delete
# Linked without the sanitizers: their runtime is the preloaded one.
(cd "$work" && CC=$cc LDSHARED="gcc -shared" "$python" setup.py -q build --build-lib site >log 2>&1) ||
    { cat "$work/log"; exit 1; }

cd "$root"
sanitized -c "import ocpp21._speedups.validators as v; assert v.__file__.startswith('$work'), v.__file__"

# Memory in quarantine looks like memory lost, and nothing is as fast as it should be.
echo "== tests"
sanitized -m pytest -q -p no:cacheprovider -k "not memory and not linear and not flat and not cost and not leave_nothing and not leaves_nothing" \
    tests/test_speedups_validators.py tests/test_speedups_framing.py tests/test_speedups_encoder.py \
    tests/test_speedups_decoder.py tests/fuzz

[ "$seconds" -gt 0 ] || exit 0
"$python" tests/fuzz/seeds.py "$work/corpus"
for target in validators framing; do
    echo "== fuzzing $target for $seconds s"
    sanitized "tests/fuzz/fuzz_$target.py" "$work/corpus/$target" -verbosity=0 -print_final_stats=1 \
        -max_total_time="$seconds" -max_len=4096 -timeout=10 -artifact_prefix="$caller/"
done
echo "== clean"
