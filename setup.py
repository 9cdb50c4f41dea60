"""The extension modules; everything else is in pyproject.toml."""

import os
import shutil
import sys
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

MODULES = ("decoder", "dispatch", "encoder", "framing", "validators", "walk")

# Cython finds declarations by package name, so the sources are laid out as the package they are installed as.
STAGE = Path("build/cython")
shutil.copytree("src/_speedups", STAGE / "ocpp21/_speedups", dirs_exist_ok=True)

# Without debug information, which would be most of their size.
ARGUMENTS = [] if sys.platform == "win32" else ["-g0"]

# For tests/cython_coverage.py: let gcov speak of our lines, not of those of the C code.
LINES = "OCPP21_LINES" in os.environ

setup(
    ext_modules=cythonize(
        [
            Extension(
                f"ocpp21._speedups.{name}",
                [f"{STAGE}/ocpp21/_speedups/{name}.pyx"],
                extra_compile_args=ARGUMENTS,
            )
            for name in MODULES
        ],
        include_path=[str(STAGE)],
        compiler_directives={"language_level": 3},
        emit_linenums=LINES,
    ),
)
