import pytest

from tests.crash.trace import Delete, File, Make, Resize, Say, Step, Sync, TraceError, Write, steps_of

LOG = File("a.db-wal", 1)


def escaped(text: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in text.encode())


def steps(*lines: str) -> list[Step]:
    return list(steps_of(lines, "/d"))


def opened(path: str = "/d/a.db-wal", flags: str = "O_RDWR|O_CREAT") -> str:
    return f'7  openat(AT_FDCWD<{escaped("/")}>, "{escaped(path)}", {flags}, 0644) = 3<{escaped(path)}>'


def on_log(call: str, rest: str = "", result: int = 0, process: int = 7) -> str:
    return f"{process}  {call}(3<{escaped('/d/a.db-wal')}>{rest}) = {result}"


def test_a_files_calls_become_steps_in_their_order() -> None:
    found = steps(
        opened(),
        on_log("pwrite64", f', "{escaped("abcd")}", 4, 8', 4),
        on_log("fdatasync"),
        on_log("ftruncate", ", 2"),
        f"7  fsync(4<{escaped('/d')}>) = 0",
        f'7  write(1<{escaped("pipe:[5]")}>, "{escaped("told")}", 4) = 4',
        f'7  unlink("{escaped("/d/a.db-wal")}") = 0',
    )
    assert found == [
        Make(LOG),
        Write(LOG, 8, b"abcd"),
        Sync(LOG),
        Resize(LOG, 2),
        Sync(None),
        Say(b"told"),
        Delete(LOG),
    ]


def test_a_file_made_again_under_its_name_is_another_file() -> None:
    found = steps(opened(), f'7  unlink("{escaped("/d/a.db-wal")}") = 0', opened())
    assert found == [Make(LOG), Delete(LOG), Make(File("a.db-wal", 2))]


def test_a_call_that_another_process_interrupts_counts_when_it_returns() -> None:
    begun = on_log("pwrite64", f', "{escaped("ab")}", 2, 0')
    other = on_log("pwrite64", f', "{escaped("cd")}", 2, 2', 2, process=8)
    found = steps(
        opened(), begun.replace(") = 0", " <unfinished ...>"), other, "7  <... pwrite64 resumed>) = 2"
    )
    assert found == [Make(LOG), Write(LOG, 2, b"cd"), Write(LOG, 0, b"ab")]


def test_a_write_without_offset_goes_to_the_end() -> None:
    found = steps(opened(), on_log("write", f', "{escaped("ab")}", 2', 2), on_log("write", ', "\\x63", 1', 1))
    assert found == [Make(LOG), Write(LOG, 0, b"ab"), Write(LOG, 2, b"c")]


def test_only_what_was_written_counts_and_what_failed_does_not() -> None:
    short = on_log("pwrite64", f', "{escaped("abcd")}", 4, 0', 2)
    assert steps(opened(), short, on_log("fsync", result=-1)) == [Make(LOG), Write(LOG, 0, b"ab")]


def test_other_folders_and_files_of_no_account_are_left_out() -> None:
    assert steps(opened("/e/a.db"), opened("/d/a.db-shm"), opened("/d/a.ballast"), opened("/d/e/a")) == []


@pytest.mark.parametrize(
    "line",
    [
        on_log("pwritev", ", [], 0, 0"),
        f'7  rename("{escaped("/d/a")}", "{escaped("/d/b")}") = 0',
        opened("/d/b.db", "O_RDWR"),
        on_log("pwrite64", ', "\\x61"..., 9, 0', 9),
    ],
)
def test_a_call_that_the_model_does_not_know_ends_the_recording(line: str) -> None:
    with pytest.raises(TraceError):
        steps(opened(), line)
