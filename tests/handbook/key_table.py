"""The table of keys in both handbooks, made from web/keys.js, which the console obeys."""

import re
from pathlib import Path
from typing import Final

from hub.console.words import Words

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = ROOT / "docs" / "handbook"
PAGES: Final = {"vi": FOLDER / "so-tay-nguoi-truc.md", "en": FOLDER / "operators-handbook.md"}
BEGIN: Final = "<!-- keys -->\n"
END: Final = "<!-- end of keys -->"
HEADS: Final = {"vi": ("Phím", "Làm gì", "Ở đâu"), "en": ("key", "what it does", "where")}

EVERYWHERE: Final = ("mọi trang", "every page")
STATION: Final = ("trang trạm", "station's page")
CALL: Final = ("trang trạm, trong cuộc gọi", "station's page, in a call")
RING: Final = ("trang trạm, danh sách cuộc gọi", "station's page, list of calls")
CALLS: Final = ("danh sách cuộc gọi", "list of calls")
TAKE: Final = ("danh sách cuộc gọi; ở cảnh báo: đến ô ghi chú", "list of calls; on alerts: to the note")
HANDOVER: Final = ("bàn giao", "handover")
FLEET: Final = ("danh sách trạm", "list of stations")
PAST: Final = ("xem lại", "playback")
STRIPS: Final = ("trang trạm, xem lại", "station's page, playback")
# Where a key does something. A deed of web/keys.js that is not here is a KeyError, and the test fails.
PLACES: Final = {
    "answer": EVERYWHERE,
    "accept": EVERYWHERE,
    "decline": EVERYWHERE,
    **dict.fromkeys(("hold", "park", "second", "transfer", "doctor", "turn", "minutes"), CALL),
    "ring": RING,
    "end": STATION,
    **dict.fromkeys(("mute", "photo", "size", "detail", "picture"), CALL),
    "take": TAKE,
    "close": CALLS,
    "all": HANDOVER,
    **dict.fromkeys(("back", "forward", "pageBack", "pageForward", "eventBack", "eventForward"), PAST),
    **dict.fromkeys(("first", "second-marker", "unmark", "zoom", "paper"), PAST),
    "gain": STRIPS,
    "filter": STRIPS,
    "past": STATION,
    "find": FLEET,
    "rows": FLEET,
    "help": EVERYWHERE,
}
_KEY: Final = re.compile(
    r'\{ deed: "(?P<deed>[^"]+)", key: "(?P<key>[^"]+)",(?: sign: "(?P<sign>[^"]+)",)?'
    r'(?: repeats: true,)? text: \(\) => t\("(?P<text>[^"]+)"\) \}'
)


def keys() -> list[tuple[str, str, str]]:
    """Return deed, key as it is written on its button, and text in Vietnamese, in the order of the help.

    Raises:
        ValueError: an entry of web/keys.js is written in another way than `_KEY` reads.
    """
    source = (ROOT / "web" / "keys.js").read_text(encoding="utf-8")
    table = source.partition("export const KEYS = [")[2].partition("\n];")[0]
    found = [(one["deed"], one["sign"] or one["key"].upper(), one["text"]) for one in _KEY.finditer(table)]
    if len(found) != table.count("deed:"):
        raise ValueError(f"web/keys.js has {table.count('deed:')} keys, {len(found)} can be read: mend _KEY")
    return found


def key_table(language: str) -> str:
    """Return the table as Markdown. Raises KeyError: a deed has no place in PLACES."""
    words, at = Words(language), 0 if language == "vi" else 1
    rows = [f"| `{sign}` | {words(text)} | {PLACES[deed][at]} |" for deed, sign, text in keys()]
    return "\n".join([f"| {' | '.join(HEADS[language])} |", "|---|---|---|", *rows]) + "\n"


def with_table(page: str, language: str) -> str:
    """Return the page with the table as it is now. Raises ValueError: it has not its two markers."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"no place for the keys: write {BEGIN.strip()} and {END}")
    return before + begin + key_table(language) + end + after
