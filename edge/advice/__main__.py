"""Prints one sheet: a PrintJob on standard input, an Outcome on standard output. Started by `edge vitals`.

A process of its own, so that neither a slow printer nor a dying stick can hold up a press.
"""

import contextlib
import os
import sys

from edge.advice.print_job import PrintJob
from edge.advice.print_sheet import print_sheet

NICE = 10

if __name__ == "__main__":
    with contextlib.suppress(PermissionError):  # a unit may forbid it, and weighs us by its cgroup
        os.nice(NICE)
    print(print_sheet(PrintJob.model_validate_json(sys.stdin.buffer.read())).model_dump_json())
