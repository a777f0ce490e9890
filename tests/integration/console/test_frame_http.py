"""What holds of every answer of the console: its policy, how long it is kept, how it travels, its theme."""

import gzip
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from starlette.routing import BaseRoute, Mount, Route

from hub.console import assets
from hub.console.app import ROUTES
from hub.console.guard import HEADERS
from tests.simulators.console_server import Answer, ConsoleServer
from tests.simulators.console_station import ConsoleStation

INLINE: Final = re.compile(r"<style|\sstyle=|\son\w+=|javascript:|<script(?![^>]*\ssrc=)", re.IGNORECASE)
ELSEWHERE: Final = re.compile(r'(?:src|href|action|srcset|data)\s*=\s*"(?:\w+:)?//', re.IGNORECASE)
TYPED: Final = {"station": "tram-01", "call": "tram-01.000000000000b0c5.1", "version": assets.version()}


def paths(routes: list[BaseRoute], before: str = "") -> Iterator[tuple[str, str]]:
    """Every address with each way it may be asked."""
    for one in routes:
        if isinstance(one, Mount):
            yield from paths(list(one.routes), before + one.path)
        elif isinstance(one, Route):
            yield from ((before + one.path, method) for method in sorted(one.methods or ()))


EVERY: Final = [*paths(ROUTES), ("/nowhere", "GET"), ("/web/nowhere.js", "GET"), ("/web/ages.js", "GET")]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleServer]:
    with ConsoleServer(tmp_path_factory.mktemp("frame"), names={"tram-01": "Trạm 01"}) as server:
        server.account("Lan")
        ConsoleStation(server, "tram-01").hello()
        yield server


@pytest.fixture(scope="module")
def lan(server: ConsoleServer) -> str:
    return server.session("Lan")


def ask(server: ConsoleServer, path: str, method: str, lan: str, **headers: str) -> Answer:
    address = re.sub(r"\{(\w+)\}", lambda found: TYPED.get(found[1], "x"), path)
    if address == "/events":  # never ends; its headers are those of every answer, its refusal too
        headers["Sec-Fetch-Site"] = "cross-site"
    answer = server.post(address, {}, Cookie=lan) if method == "POST" else None
    return answer or server.get(address, Cookie=lan, **headers)


@pytest.mark.parametrize(("path", "method"), EVERY)
def test_every_answer_carries_the_policy_and_breaks_it_nowhere(
    server: ConsoleServer, path: str, method: str
) -> None:
    answer = ask(server, path, method, server.session("Lan"))  # its own: one of them logs out
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    if "html" in answer.headers.get("Content-Type", ""):
        assert INLINE.search(answer.text) is None
        assert ELSEWHERE.search(answer.text) is None


def test_the_policy_lets_nothing_in() -> None:
    rules = dict(rule.split(" ", 1) for rule in HEADERS["Content-Security-Policy"].split("; "))
    assert rules["default-src"] == "'none'"
    assert {value for name, value in rules.items() if name.endswith("-src")} == {"'none'", "'self'"}
    assert rules["frame-ancestors"] == rules["base-uri"] == "'none'"
    assert rules["require-trusted-types-for"] == "'script'"


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ('<p style="color: red">', True),
        ("<style>p {}</style>", True),
        ('<a onclick="x()">', True),
        ("<script>x()</script>", True),
        ('<script type="module" src="/assets/a.js"></script>', False),
        ('<button type="submit" data-on="1">', False),
    ],
)
def test_what_is_written_into_a_page_is_found(text: str, is_found: bool) -> None:
    assert (INLINE.search(text) is not None) == is_found


def test_a_file_by_its_version_is_kept_for_good_and_by_its_name_or_an_older_version_asked_for_again(
    server: ConsoleServer,
) -> None:
    lasting = server.get(assets.asset("/web/base.css"))
    assert (lasting.status, lasting.headers["Cache-Control"]) == (200, "public, max-age=31536000, immutable")
    for path in ("/web/base.css", "/assets/0123456789abcdef/web/base.css"):
        answer = server.get(path)
        assert (answer.status, answer.headers["Cache-Control"]) == (200, "no-cache")
        assert answer.data == lasting.data
        again = server.get(path, **{"If-None-Match": answer.headers["ETag"]})
        assert (again.status, again.headers["Cache-Control"], again.data) == (304, "no-cache", b"")
    gone = server.get(f"/assets/{assets.version()}/web/nowhere.js")
    assert (gone.status, gone.headers["Cache-Control"]) == (404, "no-cache")


def test_a_changed_file_has_another_tag(tmp_path: Path, server: ConsoleServer) -> None:
    tags = {server.get(path).headers["ETag"] for path in ("/web/base.css", "/web/tokens.css")}
    assert len(tags) == 2


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_words_are_a_file_that_lasts(server: ConsoleServer, language: str) -> None:
    answer = server.get(assets.words_asset(language))
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.text == assets.words_module(language)
    assert server.get(f"/assets/{assets.version()}/words/xx.js").status == 404


def test_pages_and_files_travel_compressed_where_that_is_understood(server: ConsoleServer, lan: str) -> None:
    for path in ("/", "/login", assets.asset("/web/base.css"), assets.words_asset("en")):
        plain = server.get(path, Cookie=lan) if path != "/login" else server.get(path)
        packed = ask(server, path, "GET", lan if path != "/login" else "", **{"Accept-Encoding": "gzip"})
        assert packed.headers["Content-Encoding"] == "gzip"
        assert "Accept-Encoding" in packed.headers["Vary"]
        assert "Content-Encoding" not in plain.headers
        assert len(packed.data) < 0.6 * len(plain.data)
        if path != "/":  # which has the second in it
            assert gzip.decompress(packed.data) == plain.data


def test_light_or_dark_is_chosen_by_a_link_kept_in_a_cookie_and_given_up_again(server: ConsoleServer) -> None:
    def shown(answer: Answer) -> str:
        found = re.search(r'<html lang="\w+" data-zone="[\w/]+"(?: data-theme="(\w+)")?>', answer.text)
        assert found
        return found[1] or "system"

    assert shown(server.get("/login")) == "system"
    chosen = server.get("/login?theme=dark")
    cookie = chosen.headers["Set-Cookie"].partition(";")[0]
    assert "Max-Age=31536000" in chosen.headers["Set-Cookie"]
    assert (shown(chosen), shown(server.get("/login", Cookie=cookie))) == ("dark", "dark")
    assert shown(server.get("/login?theme=light", Cookie=cookie)) == "light"
    back = server.get("/login?theme=system", Cookie=cookie)
    assert shown(back) == "system"
    assert "Max-Age=0" in back.headers["Set-Cookie"]
    for typed in ("red", '"><script>'):
        assert shown(server.get(f"/login?theme={typed}".replace('"', "%22"))) == "system"


def test_choosing_a_language_or_a_theme_leaves_what_the_page_was_asked(
    server: ConsoleServer, lan: str
) -> None:
    page = server.get("/routing?station=tram-01&at=2026-11-29T03%3A00&theme=dark", Cookie=lan).text
    links = re.findall(r'href="(\?[^"]*)"', page)
    kept = "station=tram-01&amp;at=2026-11-29T03%3A00"
    assert f"?{kept}&amp;theme=dark&amp;lang=en" in links
    assert f"?{kept}&amp;theme=light" in links
