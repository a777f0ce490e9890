"""What is asked of a spool inside a machine that has just started: are there samples of this start?"""

from pathlib import Path

import pytest

from edge.spool.batch import Batch
from tests.image.first_samples import are_there
from tests.integration.edge.spools import event, open_spool, wave

THIS_START, BEFORE = "the-boot", "another"


@pytest.mark.parametrize("batch", [Batch(drafts=[wave()]), Batch(entries=[wave()])], ids=["draft", "record"])
def test_they_are_there_with_the_first_draft_or_record_of_this_start(tmp_path: Path, batch: Batch) -> None:
    path = tmp_path / "spool.db"
    with open_spool(path) as spool:
        spool.commit(Batch(entries=[event()]))
        assert not are_there(str(path), THIS_START)
        spool.commit(batch)
        assert are_there(str(path), THIS_START)
        assert not are_there(str(path), BEFORE)
        spool.begin_boot(BEFORE)
        assert not are_there(str(path), BEFORE), "they are of an earlier start"
