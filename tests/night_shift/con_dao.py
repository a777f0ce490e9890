"""Côn Đảo: one call from the press to paper, with everybody who can come to it."""

import re
from typing import Final

from playwright.sync_api import Page, expect

from tests.browser import chromium_page
from tests.night_shift.house import Night
from tests.night_shift.person import LIMIT_MS, Person
from tests.simulators.pdf_reader import read_pdf
from tests.village.eyes import wait_until as wait_for

FORM: Final = "#case-form textarea[name={name}]"
PATIENT: Final = "Nguyễn Văn Mẫu"
FINDINGS: Final = "đau ngực từ sáng, tỉnh, nói được"
GUEST: Final = "Tâm"
PHONE: Final = (390, 844)
SAVED: Final = re.compile("đã lưu lúc|ghi lúc")


def answer(night: Night) -> None:
    """Lan answers with one key; the nurse reads the code of the visit, and Lan sees the same."""
    lan, nurse = night.lan, night.con_dao
    nurse.sees_lamp("DOUBLE_FLASH")
    nurse.reads("Đang đổ chuông ở trung tâm")
    night.pictures.take(lan.page, "ring")
    night.pictures.take(nurse.screen, "panel-ringing")
    lan.answers("con-dao-01")
    nurse.sees_lamp("STEADY")
    nurse.reads("Người trực: lan")
    lan.talks()
    lan.sees("#visit", nurse.code)
    lan.sees("#case .case-head", nurse.code)


def write_who_it_is(night: Night) -> None:
    """Name and consent, while the call goes on; what was seen; the ECG for the letter; a photograph."""
    lan = night.lan
    lan.press("b")
    expect(lan.page.locator(FORM.format(name="findings"))).to_be_focused(timeout=LIMIT_MS)
    lan.type(FINDINGS)
    lan.press("Shift+Tab")
    lan.press("ArrowLeft")
    expect(lan.page.locator('input[name=urgency][value="urgent"]')).to_be_checked(timeout=LIMIT_MS)
    expect(lan.page.locator("#case-saved")).to_have_text(SAVED, timeout=LIMIT_MS)
    open_part(lan, "identity")
    lan.fill('input[name="name"]', PATIENT)
    lan.fill("input[name=birth_year]", "1958")
    lan.pick("select[name=sex]", "nam")
    lan.choose('form[action$="/papers/identity"] button')
    lan.sees("#case-person", PATIENT)
    open_part(lan, "consent")
    lan.fill("input[name=by_whom]", "chính người bệnh")
    for purpose in ("record", "letter"):
        lan.reach(f"input[name=purpose_{purpose}]")
        lan.press("Space")
    lan.choose('button[name=is_given][value="yes"]')
    lan.sees("#case-person", "chính người bệnh đồng ý")
    lan.choose("#case-strip")
    lan.sees(".case-links", "đoạn giữ lúc")
    assert lan.page.input_value(FORM.format(name="findings")) == FINDINGS
    lan.press("p")
    lan.page.wait_for_selector("#photo-list li.is-whole")
    night.pictures.take(lan.page, "call")
    night.pictures.take(lan.page, "papers", at="#papers")


def open_part(lan: Person, kind: str) -> None:
    """Unfold the part of the papers that has this form."""
    part = f'#case details:has(form[action$="/papers/{kind}"])'
    lan.choose(f"{part} summary")
    expect(lan.page.locator(f"{part}[open]")).to_have_count(1, timeout=LIMIT_MS)


def hold_and_resume(night: Night) -> None:
    """The nurse is asked to wait, and is told so; then they go on."""
    lan, nurse = night.lan, night.con_dao
    lan.press("h")
    nurse.sees_lamp("STEADY", is_dim=True)
    nurse.reads("Đang giữ máy")
    lan.sees("#callbar", "bạn đang giữ máy")
    night.pictures.take(nurse.screen, "panel-held")
    lan.press("h")
    nurse.sees_lamp("STEADY")
    lan.talks()


def second_person(night: Night) -> None:
    """Lan asks whoever is on duty to come to it; Minh does."""
    lan, minh = night.lan, night.minh
    lan.press("s")
    lan.sees("dialog.chooser .choices button", "Bất kỳ ai đang trực")
    lan.press("Enter")
    minh.sees("#asked", "lan nhờ bạn cùng vào cuộc gọi của Trạm y tế Côn Đảo")
    night.pictures.take(minh.page, "second-person", is_dark=True)
    minh.press("y")
    minh.page.wait_for_url("**/stations/con-dao-01")
    lan.sees("#callbar", "cùng vào: minh")


def doctor_by_link(night: Night) -> None:
    """A doctor who has no account comes by a link that works once, is given the word, and gives it back."""
    lan = night.lan
    lan.press("d")
    lan.page.wait_for_selector("dialog.chooser .choices button")
    lan.press("End")
    lan.press("Enter")
    expect(lan.page.locator("#guest-name")).to_be_focused(timeout=LIMIT_MS)
    lan.type(GUEST)
    lan.press("Enter")
    link = lan.page.locator("#guest-link")
    expect(link).to_have_value(re.compile("/guest/"), timeout=LIMIT_MS)
    address = link.input_value()
    night.pictures.take(lan.page, "link")
    lan.press("Escape")
    allowed = r"410 \(Gone\)|403 \(Forbidden\)|401 \(Un|ERR_|WebSocket"
    with chromium_page(size=PHONE, allow=allowed) as page:
        doctor = Person(GUEST, page, url=address)
        page.goto(address)
        doctor.choose("main form button")
        doctor.sees("#guest-state", "lan đang nói với trạm")
        lan.press("v")
        lan.sees("dialog.chooser", GUEST)
        choose_line(lan, GUEST)
        doctor.sees("#guest-state", "bạn đang nói với trạm")
        doctor.talks()
        lan.sees("#callbar", f"BS khách: {GUEST} đang nói với trạm")
        night.pictures.take(page, "doctor-on-a-phone")
        with chromium_page(allow=r"410 \(Gone\)") as late:
            late.goto(address, timeout=LIMIT_MS)
            assert_gone(late)
        lan.press("v")
        doctor.sees("#guest-state", "lan đang nói với trạm")
        lan.talks()
        doctor.choose('form[action="/guest/leave"] button')
        doctor.sees("h1", "cuộc gọi")  # that she has left it
    wait_for(lambda: GUEST not in lan.page.inner_text("#callbar"), what="the doctor has left")


def choose_line(person: Person, text: str) -> None:
    """Go down a list until the line with this text, and take it."""
    lines = person.page.locator("dialog.chooser .choices button").all_inner_texts()
    for _ in range(next(at for at, line in enumerate(lines) if text in line)):
        person.press("ArrowDown")
    person.press("Enter")


def assert_gone(page: Page) -> None:
    """A link that was used lets nobody in, and says so."""
    expect(page.locator("h1")).to_contain_text("Đường dẫn này đã được dùng", timeout=LIMIT_MS)


def transfer(night: Night) -> None:
    """The call is Minh's when he takes it, and not before."""
    lan, minh = night.lan, night.minh
    lan.press("t")
    lan.page.wait_for_selector("dialog.chooser .choices button")
    choose_line(lan, "minh")
    minh.sees("#asked", "lan nhờ bạn nhận cuộc gọi")
    lan.sees("#callbar", "bạn đang trả lời")
    night.pictures.take(minh.page, "transfer-asked")
    minh.press("y")
    minh.sees("#callbar", "bạn đang trả lời")
    minh.talks()
    night.con_dao.reads("Người trực: minh")


def advice_and_end(night: Night) -> None:
    """Minh ends the call, writes the advice, and it lies on the nurse's screen and then on her paper."""
    minh, nurse = night.minh, night.con_dao
    minh.press("k")
    minh.sees("#callbar", "bạn chưa ghi xong biên bản")
    nurse.sees_lamp("OFF")
    minh.fill(FORM.format(name="advice"), "Nằm đầu cao. Chuyển viện ngay sáng mai, kèm thư này.")
    minh.press("Control+Enter")
    nurse.reads("Nằm đầu cao")
    minh.sees("#case-advice", "trạm đã nhận")
    night.pictures.take(nurse.screen, "panel-advice", at=".advice")
    nurse.touches("In")
    nurse.reads("✓ Đã in")
    minh.sees("#case-advice", "đã in ở trạm")
    (sheet,) = night.printer.pages()
    (night.pictures.folder / "advice.pdf").write_bytes(sheet)


def papers(night: Night) -> None:
    """The letter with its ECG; the call is closed; its minutes are signed; a changed file is found out."""
    minh = night.minh
    minh.choose(".case-links > a:last-of-type")
    minh.page.wait_for_url("**/calls/con-dao-01*")
    letter = take_file(minh, 'a[href*="letter.pdf"]')
    (night.pictures.folder / "letter.pdf").write_bytes(letter)
    text = "".join(page.text for page in read_pdf(letter))
    assert PATIENT in text, text
    assert "25 mm/s" in text, text
    minh.pick("#case-close select", "chuyển viện ngay")
    minh.choose("#case-close > button")
    expect(minh.page.locator("#case-close")).to_have_count(0, timeout=LIMIT_MS)
    minh.reach('a[href$="minutes.json"]')
    night.pictures.take(minh.page, "closed", at="#papers")
    minutes = night.village.folder / "minutes.json"
    minutes.write_bytes(take_file(minh, 'a[href$="minutes.json"]'))
    said = night.hub("minutes", "verify", str(minutes))
    assert "not changed since" in said
    signed = minutes.read_bytes()
    assert b"transferred" in signed
    minutes.write_bytes(signed.replace(b"transferred", b"stays"))
    assert "not changed since" not in night.hub("minutes", "verify", str(minutes), is_well=False)


def take_file(person: Person, selector: str) -> bytes:
    """What a link leads to, read with the session of its page: a browser's own viewer shows it to people."""
    person.reach(selector)
    address = person.page.locator(selector).first.get_attribute("href")
    assert address is not None
    answer = person.page.request.get(person.page.url.rsplit("/", 2)[0] + address)
    assert answer.ok, answer.status
    return answer.body()


def play(night: Night) -> None:
    """The whole call."""
    for step in (
        answer,
        write_who_it_is,
        hold_and_resume,
        second_person,
        doctor_by_link,
        transfer,
        advice_and_end,
        papers,
    ):
        step(night)
