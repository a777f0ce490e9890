"""The diagnostic bundle (core): a zip of small files, within BUNDLE_MAX_BYTES whatever there is to say.

It has no person in it by construction: it is made of what is named here, and nothing here is made of samples,
numerics, visits or calls. The doctor's findings of visit and call are left out.
"""

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any, Final

from contract.limits import BUNDLE_MAX_BYTES
from edge.health.report import Report

PERSONAL_PARTS: Final = frozenset({"visit", "call"})  # of the doctor's report
FILE_MAX_BYTES: Final = 40_000  # of one file's text, before it is packed
LOG_NAME: Final = "log.txt"
_STAMP: Final = (1980, 1, 1, 0, 0, 0)  # the zip says no time: the box may not know it


def findings_of(report: Report) -> list[dict[str, object]]:
    """Return the doctor's findings that are of no person."""
    return [one.model_dump() for one in report.findings if one.part not in PERSONAL_PARTS]


def make_bundle(
    files: Mapping[str, Any], log: Sequence[str], *, limit_bytes: int = BUNDLE_MAX_BYTES
) -> bytes:
    """Return the zip of `files` (name, then what is to stand in it as JSON) and of as many of the newest
    lines of `log` as fit. A file that does not fit alone says how long it was.
    """
    texts = {name: _text_of(content) for name, content in files.items()}
    count = len(log)
    while True:
        kept = "\n".join(log[len(log) - count :])
        data = _zip({**texts, LOG_NAME: kept})
        if len(data) <= limit_bytes:
            return data
        if count == 0:  # the files alone are too much: the longest says no more than how long it was
            longest = max(texts, key=lambda name: len(texts[name]))
            texts[longest] = json.dumps({"left out, of bytes": len(texts[longest].encode())})
            count = len(log)
        else:
            count = count * 3 // 4


def _text_of(content: Any) -> str:
    text = json.dumps(content, ensure_ascii=False, indent=1, default=str)
    if len(text.encode()) > FILE_MAX_BYTES:
        return json.dumps({"left out, of bytes": len(text.encode())})
    return text


def _zip(texts: Mapping[str, str]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for name, text in texts.items():
            packed.writestr(zipfile.ZipInfo(name, _STAMP), text.encode(), zipfile.ZIP_DEFLATED, 9)
    return file.getvalue()
