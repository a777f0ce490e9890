"""Whether every text of a page is there to be read: none is cut off, and none stands out of its button."""

from playwright.sync_api import Page

_CUT = """(seenWhole) => {
    const found = [], said = (one) => one.textContent.replace(/\\s+/g, " ").trim().slice(0, 60);
    const name = (one) => `${one.tagName.toLowerCase()}.${one.className} "${said(one)}"`;
    const isSeen = (one) => one.checkVisibility({ visibilityProperty: true });
    const isText = (one) => isSeen(one) && !one.closest("svg, .only-read, noscript");
    if (document.scrollingElement.scrollWidth > innerWidth) found.push("the page is wider than the screen");
    for (const one of [...document.body.querySelectorAll("*")].filter(isText)) {
        const style = getComputedStyle(one), cuts = (way) => ["hidden", "clip"].includes(style[way]);
        const wide = one.scrollWidth - one.clientWidth, high = one.scrollHeight - one.clientHeight;
        if (!said(one) || one.clientWidth === 0) continue;
        if (cuts("overflowX") && wide > 1) found.push(`cut by ${wide} px at its side: ${name(one)}`);
        if (cuts("overflowY") && high > 1) found.push(`cut by ${high} px below: ${name(one)}`);
        if (style.overflowX === "auto" && wide > 1) found.push(`to be pulled sideways: ${name(one)}`);
    }
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), range = new Range();
    while (texts.nextNode()) {
        const one = texts.currentNode.parentElement, place = one.closest("button")?.getBoundingClientRect();
        if (!texts.currentNode.data.trim() || !isText(one)) continue;
        range.selectNodeContents(texts.currentNode);
        const box = range.getBoundingClientRect();
        if (!box.width) continue;
        if (box.left < -1 || box.right > innerWidth + 1) found.push(`over the edge: ${name(one)}`);
        if (place && (box.right > place.right + 1 || box.bottom > place.bottom + 2)) {
            found.push(`out of its button: ${name(one)}`);
        }
    }
    for (const one of seenWhole ? document.querySelectorAll(seenWhole) : []) {
        const box = one.getBoundingClientRect(), side = one.closest(".side")?.getBoundingClientRect();
        const below = Math.ceil(box.bottom - Math.min(innerHeight, side?.bottom ?? innerHeight));
        if (below > 1) found.push(`not seen whole, by ${below} px: ${name(one)}`);
    }
    return found;
}"""


def cut_texts(page: Page, *, seen_whole: str = "") -> list[str]:
    """Return each text that cannot be read as it stands. `seen_whole`: CSS of what nobody should have to
    scroll for."""
    found: list[str] = page.evaluate(_CUT, seen_whole)
    return found
