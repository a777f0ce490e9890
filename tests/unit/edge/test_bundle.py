import io
import json
import logging
import random
import zipfile

import pytest

from contract.limits import BUNDLE_MAX_BYTES
from edge.health.bundle import findings_of, make_bundle
from edge.health.log_ring import LINES_MAX, LogRing
from edge.health.report import Finding, Report


def opened(data: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        return {name: packed.read(name).decode() for name in packed.namelist()}


def test_a_bundle_is_a_zip_of_json_and_the_log() -> None:
    files = opened(
        make_bundle({"versions.json": {"software": "0.1.0"}}, ["INFO edge: một", "INFO edge: hai"])
    )
    assert json.loads(files["versions.json"]) == {"software": "0.1.0"}
    assert files["log.txt"] == "INFO edge: một\nINFO edge: hai"


def test_a_long_log_keeps_its_newest_lines_and_the_bundle_its_size() -> None:
    rng = random.Random(3)
    log = [f"{number} {rng.randbytes(100).hex()}" for number in range(LINES_MAX)]
    data = make_bundle({"versions.json": 1}, log)
    assert len(data) <= BUNDLE_MAX_BYTES
    kept = opened(data)["log.txt"].splitlines()
    assert 100 < len(kept) < LINES_MAX
    assert kept == log[-len(kept) :]


def test_a_file_that_is_too_long_says_how_long_it_was() -> None:
    rng = random.Random(3)
    files = {f"{number}.json": rng.randbytes(15_000).hex() for number in range(8)}
    data = make_bundle({**files, "huge.json": "x" * 100_000}, ["line"])
    assert len(data) <= BUNDLE_MAX_BYTES
    found = opened(data)
    assert json.loads(found["huge.json"]) == {"left out, of bytes": 100_002}
    assert found["log.txt"] == "line"
    assert any("left out" in found[f"{number}.json"] for number in range(8))


def test_findings_of_a_person_are_left_out() -> None:
    parts = ("devices", "visit", "call", "link")
    findings = tuple(Finding(part=part, is_well=True, text="K7-42") for part in parts)
    kept = findings_of(Report(station="con-dao-01", findings=findings))
    assert [one["part"] for one in kept] == ["devices", "link"]


@pytest.fixture
def ring() -> LogRing:
    return LogRing()


def test_the_ring_keeps_our_own_lines_and_no_code_of_a_visit(ring: LogRing) -> None:
    ring.attach()
    try:
        for name in ("edge.capture", "firmware_bridge.port", "aiortc"):
            logging.getLogger(name).warning("visit %s of port %d", "K7-42", 3)
    finally:
        ring.detach()
    logging.getLogger("edge.capture").warning("after it")
    lines = [line.partition(" ")[2] for line in ring.lines()]
    assert lines == [
        "WARNING edge.capture: visit … of port 3",
        "WARNING firmware_bridge.port: visit … of port 3",
    ]


def test_the_ring_keeps_the_newest_and_of_a_traceback_the_last_line(ring: LogRing) -> None:
    ring.attach()
    try:
        for number in range(LINES_MAX + 5):
            logging.getLogger("edge").warning("%d", number)
        try:
            raise ValueError("what went wrong")
        except ValueError:
            logging.getLogger("edge").exception("a fault")
    finally:
        ring.detach()
    assert len(ring.lines()) == LINES_MAX
    assert ring.lines()[-1].endswith("ERROR edge: a fault … ValueError: what went wrong")
