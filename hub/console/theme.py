"""Light or dark: as the machine says, or as somebody chose; kept in a cookie, which takes no script."""

from typing import Final

from starlette.requests import HTTPConnection

SYSTEM: Final = "system"
THEMES: Final = {SYSTEM: "theo máy", "light": "sáng", "dark": "tối"}
THEME_COOKIE: Final = "haidang_theme"


def theme_of(connection: HTTPConnection) -> str:
    """Return the theme chosen with `?theme=` now, or by cookie before; SYSTEM for none."""
    asked = connection.query_params.get("theme", connection.cookies.get(THEME_COOKIE, ""))
    return asked if asked in THEMES else SYSTEM
