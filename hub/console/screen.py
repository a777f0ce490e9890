"""The page on which a screen is measured: a bank card is as wide as the one that is drawn."""

from starlette.requests import Request
from starlette.responses import Response

from hub.console.page import render, signed_in


async def show_screen(request: Request) -> Response:
    """GET /screen. What is measured stays in the browser."""
    return render(request, "screen.html", account=await signed_in(request))
