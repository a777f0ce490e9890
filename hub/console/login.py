"""Logging in and out."""

import math

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.console.guard import account_of, end_session, set_session, token_of
from hub.console.page import check_origin, render, rooms_of
from hub.people.people_service import TooManyTriesError


async def show_login(request: Request) -> Response:
    """The form; whoever is signed in already goes on."""
    if await account_of(request, rooms_of(request).people) is not None:
        return RedirectResponse("/", status_code=303)
    return render(request, "login.html", account=None, wrong_key=None, wrong_values={}, name="")


async def log_in(request: Request) -> Response:
    """Begin a session, or show the form again without telling what was wrong."""
    check_origin(request)
    form = await request.form()
    name, password = str(form.get("name", ""))[:200], str(form.get("password", ""))[:1000]
    address = request.client.host if request.client else "?"
    try:
        token = await rooms_of(request).people.log_in(name, password, address=address)
    except TooManyTriesError as error:
        return render(
            request,
            "login.html",
            account=None,
            status=429,
            wrong_key="Thử sai quá nhiều lần. Hãy chờ {n} s rồi thử lại.",
            wrong_values={"n": math.ceil(error.retry_after_s)},
            name=name,
        )
    if token is None:
        return render(
            request,
            "login.html",
            account=None,
            status=401,
            wrong_key="Sai tên hoặc mật khẩu.",
            wrong_values={},
            name=name,
        )
    response = RedirectResponse("/", status_code=303)
    set_session(response, request, token)
    return response


async def log_out(request: Request) -> Response:
    """End the session; whoever has calls is asked first. They stay his: nothing is left without an owner."""
    check_origin(request)
    rooms, account = rooms_of(request), await account_of(request, rooms_of(request).people)
    is_meant = (await request.form()).get("anyway") == "1"
    if account is not None and not is_meant:
        mine = [call for call in rooms.calls(account.name) if call["owner"] == account.name]
        if mine:
            return render(request, "logout.html", account=account, mine=mine)
    await rooms.people.log_out(token_of(request))
    response = RedirectResponse("/login", status_code=303)
    end_session(response, request)
    return response
