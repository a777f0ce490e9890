"""Tokens of programs: made here or by `hub token`, shown once, ended at once."""

from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from contract.varints import VARINT_MAX
from hub.cases.note_words import utc_text
from hub.console.page import render, rooms_of
from hub.console.people import admin, admin_to_change
from hub.people.accounts import Account
from hub.people.tokens import DAYS_MAX, Scope, TokenError
from hub.typed_values import whole_number

SCOPE_WORDS: Final = {
    Scope.FLEET_READ: "đọc trạm, đơn vị, đường truyền và sự kiện kỹ thuật",
    Scope.VITALS_READ: "đọc các số đo của người đang được khám, không kèm tên",
    Scope.CALLS_READ: "đọc cuộc gọi, nhật ký và thống kê",
    Scope.HUB_READ: "đọc tình trạng của trung tâm",
    Scope.ORGANISATION_WRITE: "sửa thẻ của trạm",
}
DAYS: Final = (30, 90, 365)


async def show_tokens(request: Request) -> Response:
    """GET /tokens: all that there ever were."""
    return await _page(request, await admin(request))


async def make_token(request: Request) -> Response:
    """POST /tokens: `name`, `days` and each `scope`; its text is shown on this one answer."""
    account, form = await admin_to_change(request), await request.form()
    name, rooms = str(form.get("name", ""))[:200], rooms_of(request)
    asked = {str(one) for one in form.getlist("scope")}
    try:
        token, text = await rooms.people.make_token(
            name,
            [scope for scope in Scope if scope.value in asked],
            days=whole_number(str(form.get("days", "")), most=DAYS_MAX) or 0,
            by=account.name,
        )
    except TokenError:
        wrong = "Cần tên 1 đến 40 chữ, ít nhất một quyền, và hạn 1 đến {n} ngày."
        return await _page(request, account, wrong=wrong, typed=name, status=422)
    await rooms.people.note(
        account, "token made", f"token {token.no}", f"{name}: {' '.join(sorted(token.scopes))}"
    )
    return await _page(request, account, text=text)


async def end_token(request: Request) -> Response:
    """POST /tokens/NO/end."""
    account, rooms = await admin_to_change(request), rooms_of(request)
    no = whole_number(request.path_params["no"], most=VARINT_MAX) or 0
    try:
        token = await rooms.people.end_token(no, by=account.name)
    except TokenError:
        return await _page(request, account, wrong="Không có mã này.", status=404)
    await rooms.people.note(account, "token ended", f"token {token.no}", token.name)
    return RedirectResponse("/tokens", status_code=303)


async def _page(
    request: Request,
    account: Account,
    *,
    text: str | None = None,
    wrong: str | None = None,
    typed: str = "",
    status: int = 200,
) -> Response:
    rooms = rooms_of(request)
    return render(
        request,
        "tokens.html",
        account=account,
        status=status,
        tokens=await rooms.people.tokens(),
        utc_text=utc_text,
        now_utc_s=rooms.people.utc_now_s(),
        scopes=SCOPE_WORDS,
        choices=DAYS,
        days_max=DAYS_MAX,
        text=text,
        wrong=wrong,
        typed=typed,
    )
