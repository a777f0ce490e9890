"""Files of the pages: an address for what is in them, and all that a script needs known ahead."""

import json
import re
from pathlib import Path

import pytest

from hub.console import assets
from hub.console.words import catalogue

ROOT = Path(__file__).parents[4]


def version_of(tree: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(assets, "ROOT", tree)
    return assets.version.__wrapped__()


def small_tree(folder: Path) -> Path:
    for path, text in {"web/a.js": "1", "hub/console/static/b.css": "2"}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


@pytest.mark.parametrize(
    "change",
    [
        lambda tree: (tree / "web/a.js").write_text("3"),
        lambda tree: (tree / "hub/console/static/b.css").write_text("22"),
        lambda tree: (tree / "web/c.js").write_text(""),
        lambda tree: (tree / "web/a.js").rename(tree / "web/z.js"),
    ],
    ids=["script", "style", "new", "renamed"],
)
def test_whatever_changes_in_a_file_changes_every_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: object
) -> None:
    assert callable(change)
    before = version_of(small_tree(tmp_path), monkeypatch)
    assert version_of(tmp_path, monkeypatch) == before
    change(tmp_path)
    assert version_of(tmp_path, monkeypatch) != before


def test_another_word_changes_every_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = version_of(small_tree(tmp_path), monkeypatch)
    monkeypatch.setattr(assets, "words_module", lambda _: "learn({})")
    assert version_of(tmp_path, monkeypatch) != before


def test_an_address_is_given_to_files_that_there_are_and_to_no_others() -> None:
    assert assets.asset("/web/base.css") == f"/assets/{assets.version()}/web/base.css"
    for path in ("/web/nothing.css", "/hub/console/page.py", "/web/../hub/console/page.py", "web/base.css"):
        with pytest.raises(ValueError, match="no file of the pages"):
            assets.asset(path)


def test_a_script_brings_all_that_it_imports_and_what_that_imports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assets, "ROOT", tmp_path)
    (tmp_path / "web").mkdir()
    for name, text in {
        "a": 'import { x } from "./b.js";\nexport { y,\n  z } from "./c.js";\nconst s = `import "./no.js"`;',
        "b": 'import "./d.js";\n// import "./no.js";',
        "c": 'import { x } from "./b.js";\nimport { a } from "./a.js";',
        "d": "",
    }.items():
        (tmp_path / "web" / f"{name}.js").write_text(text)
    found = assets.modules.__wrapped__("/web/a.js")
    assert [one.rpartition("/")[2] for one in found] == ["b.js", "c.js", "d.js"]


def test_no_template_names_a_file_by_an_address_that_does_not_last() -> None:
    for path in (ROOT / "hub" / "console" / "templates").glob("*.html"):
        plain = re.findall(r'(?:href|src)="(/(?:web|hub)/[^"]*)"', path.read_text(encoding="utf-8"))
        assert plain == [], path.name


def test_the_words_of_a_language_are_told_whole() -> None:
    text = assets.words_module("en")
    told = re.fullmatch(r'import \{ learn \} from "\.\./web/words\.js";\nlearn\((.*)\);\n', text)
    assert told
    assert json.loads(told[1]) == dict(catalogue("en"))
