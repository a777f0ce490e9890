"""Runs test files under MicroPython, which has no pytest: each function that is called test_… once.

    micropython tests/simulators/firmware/scenarios.py HOUSE MODULE …

Prints the name of each that passed; the first that fails ends it with its trace and status 1.
"""

import sys


def main(house: str, modules: list[str]) -> None:
    """Run all scenarios of `modules`; `house` is the folder above them."""
    sys.path.insert(0, house)
    for module in modules:
        names = __import__(module, None, None, ["x"]).__dict__
        for name in sorted(names):
            if name.startswith("test_"):
                names[name]()
                sys.stdout.write(name + "\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
