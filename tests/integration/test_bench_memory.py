"""What a bench says of a process's memory is what the kernel says."""

import os
from pathlib import Path

from tests.bench.memory import Memory, core_s, memory_of, together_bytes


def test_a_process_is_as_large_as_the_kernel_says() -> None:
    own = bytearray(os.urandom(1 << 16)) * 64  # 4 MB that nobody else has
    found = memory_of(os.getpid())
    status = Path(f"/proc/{os.getpid()}/status").read_text()
    resident_kb, anonymous_kb = (
        int(line.split()[1]) for line in status.splitlines() if line.startswith(("VmRSS:", "RssAnon:"))
    )
    assert abs(found.resident_bytes - resident_kb * 1024) < 2 << 20  # it was read at another moment
    assert abs(found.own_bytes - anonymous_kb * 1024) < 2 << 20
    assert len(own) < found.own_bytes < found.resident_bytes <= found.peak_bytes
    assert core_s(os.getpid()) > 0


def test_of_what_several_have_each_file_counts_once() -> None:
    one = Memory(10, {"libc": 5, "numpy": 7}, shared_out_bytes=0, peak_bytes=0, threads=1)
    other = Memory(20, {"libc": 6}, shared_out_bytes=0, peak_bytes=0, threads=1)
    assert together_bytes([one, other]) == 10 + 20 + 6 + 7
