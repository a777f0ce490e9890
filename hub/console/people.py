"""Accounts: who may use the console. Only admins change them; a password is shown once, to who made it."""

from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.console.deed_words import ROLE_WORDS
from hub.console.page import RefusedPageError, check_origin, render, rooms_of, signed_in
from hub.people.accounts import Account, AccountError, AccountFault, Role

_WRONG: Final = {
    AccountFault.LAST_ADMIN: "Đây là quản trị duy nhất: hãy lập một quản trị khác trước.",
    AccountFault.TAKEN: "Đã có tài khoản tên này.",
    AccountFault.UNKNOWN: "Không có tài khoản này.",
    AccountFault.NAME: "Tên dùng 1 đến 40 chữ, số, dấu cách, dấu chấm hoặc gạch nối.",
}
_NOT_ADMIN: Final = "Chỉ quản trị mới được xem và sửa trang này."


@dataclass(frozen=True, slots=True)
class Shown:
    """A password just made: of whom, and what it is. It is shown on this one answer and nowhere else."""

    name: str
    password: str


async def show_people(request: Request) -> Response:
    """GET /people: all accounts, and how to make one."""
    return await _page(request, await admin(request))


async def add_person(request: Request) -> Response:
    """POST /people: `name` and `role`; the password is made here."""
    account, form = await admin_to_change(request), await request.form()
    name, role = str(form.get("name", ""))[:200], _role(str(form.get("role", "")))
    rooms = rooms_of(request)
    try:
        made, password = await rooms.people.add(name, role)
    except AccountError as error:
        return await _page(request, account, wrong=_WRONG[error.why], typed=name, status=422)
    await rooms.people.note(account, "account made", made.name, role.value)
    return await _page(request, account, shown=Shown(made.name, password))


async def change_role(request: Request) -> Response:
    """POST /people/NAME/role: `role`."""
    account, name = await admin_to_change(request), request.path_params["name"]
    role = _role(str((await request.form()).get("role", "")))
    rooms = rooms_of(request)
    try:
        changed = await rooms.people.set_role(name, role)
    except AccountError as error:
        return await _page(request, account, wrong=_WRONG[error.why], status=409)
    await rooms.people.note(account, "role changed", changed.name, role.value)
    return RedirectResponse("/people", status_code=303)


async def renew_password(request: Request) -> Response:
    """POST /people/NAME/password: another password is made; whoever is signed in by the old one is out."""
    account, name = await admin_to_change(request), request.path_params["name"]
    rooms = rooms_of(request)
    try:
        changed, password = await rooms.people.renew_password(name)
    except AccountError as error:
        return await _page(request, account, wrong=_WRONG[error.why], status=404)
    await rooms.people.note(account, "password renewed", changed.name)
    if changed.name == account.name:  # the session that asked has ended with the others
        return render(request, "password.html", account=None, shown=Shown(changed.name, password))
    return await _page(request, account, shown=Shown(changed.name, password))


async def remove_person(request: Request) -> Response:
    """POST /people/NAME/remove: not the last admin, nor who still owns open calls."""
    account, name = await admin_to_change(request), request.path_params["name"]
    rooms = rooms_of(request)
    if any(call["owner"] == name for call in rooms.calls()):
        wrong = "Người này còn giữ cuộc gọi chưa xong: bàn giao trước đã."
        return await _page(request, account, wrong=wrong, status=409)
    try:
        await rooms.people.remove(name)
    except AccountError as error:
        return await _page(request, account, wrong=_WRONG[error.why], status=409)
    await rooms.people.note(account, "account removed", name)
    return RedirectResponse("/people", status_code=303)


async def admin(request: Request) -> Account:
    """Return the admin who asks. Raises RefusedPageError, NotSignedInError."""
    account = await signed_in(request)
    if account.role is not Role.ADMIN:
        raise RefusedPageError(403, _NOT_ADMIN)
    return account


async def admin_to_change(request: Request) -> Account:
    """Return the admin who wants to change something. Raises RefusedPageError, NotSignedInError."""
    check_origin(request)
    return await admin(request)


async def _page(
    request: Request,
    account: Account,
    *,
    shown: Shown | None = None,
    wrong: str | None = None,
    typed: str = "",
    status: int = 200,
) -> Response:
    return render(
        request,
        "people.html",
        account=account,
        status=status,
        people=await rooms_of(request).people.accounts(),
        roles=ROLE_WORDS,
        shown=shown,
        wrong=wrong,
        typed=typed,
    )


def _role(word: str) -> Role:
    try:
        return Role(word)
    except ValueError:
        raise RefusedPageError(422, "Hãy chọn vai trò.") from None
