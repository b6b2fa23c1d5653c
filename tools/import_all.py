"""Import every module of an installed package, to find one that needs what its distribution does not declare.

Usage: import_all.py PACKAGE [EXTRA...]. Only modules named after an extra may need it: these are left out.
"""

import importlib
import pkgutil
import sys


def modules(package: str, extras: set[str]) -> list[str]:
    """Import every module of a package that works without the extras, and return their names."""
    found = [package]
    for _, name, is_package in pkgutil.iter_modules(importlib.import_module(package).__path__, f"{package}."):
        if name.rpartition(".")[2] in {"__main__", *extras}:
            continue
        found += modules(name, extras) if is_package else [importlib.import_module(name).__name__]
    return found


if __name__ == "__main__":
    print(len(modules(sys.argv[1], set(sys.argv[2:]))), "modules of", sys.argv[1])
