"""Whether a page fits a screen: nothing is reached by pulling it sideways."""

from playwright.sync_api import Page

_WIDER = """() => {
    const root = document.documentElement, width = root.clientWidth;
    if (root.scrollWidth <= width) return [];
    const wide = [...document.body.querySelectorAll("*")].filter((one) => one.checkVisibility()
        && one.getBoundingClientRect().right > width + 0.5 && !one.closest("svg"));
    const name = (one) => [one.tagName.toLowerCase(), one.id && `#${one.id}`, ...one.classList].join(" ");
    return [`${root.scrollWidth} px`, ...wide.slice(0, 6).map(name)];
}"""


def too_wide(page: Page, width: int, height: int) -> list[str]:
    """Return how wide the page is and what sticks out, at a window of that size; empty: it fits."""
    before = page.viewport_size
    page.set_viewport_size({"width": width, "height": height})
    try:
        found: list[str] = page.evaluate(_WIDER)
    finally:
        if before is not None:
            page.set_viewport_size(before)
    return found
