"""What assistive technology cannot use on a page, as axe-core finds it; all its rules, best practice too."""

from typing import Any

from playwright.sync_api import Page

from tests.pages.tools import AXE

_RUN = """async () => {
    const { violations } = await axe.run(document, { resultTypes: ["violations"] });
    return violations.map(({ id, impact, nodes }) => ({ id, impact, nodes: nodes.map((node) => ({
        target: node.target.join(" "),
        why: [...node.any, ...node.all, ...node.none].map((one) => one.message).join("; ") })) }));
}"""


def violations(page: Page) -> list[str]:
    """Return each fault with its rule, its place and why. Past the page's policy; changes nothing."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = page.evaluate(_RUN)
    return [
        f"{one['id']} ({one['impact']}): {node['target']}: {node['why']}"
        for one in found
        for node in one["nodes"]
    ]
