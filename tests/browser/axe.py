"""axe, the accessibility checker, in a page: what it finds that is serious, by rule and place."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

_RUN = """async () => {
  const found = await axe.run(document, {resultTypes: ['violations']});
  return found.violations.filter((v) => ['serious', 'critical'].includes(v.impact)).flatMap((v) =>
    v.nodes.map((n) => ({rule: v.id, what: v.help, at: n.target.join(' '), html: n.html.slice(0, 300)})));
}"""


@cache
def _script() -> str:
    return (resources.files("axe_playwright_python") / "axe.min.js").read_text("utf-8")


def serious(tab: Any) -> list[dict[str, str]]:
    """Findings of axe that are serious or critical: rule, what it asks for, a selector, and the element.

    The script gets in by the browser's own protocol; the page's policy allows no other.
    """
    if not tab.evaluate("typeof axe === 'object'"):
        tab.evaluate(_script())
    found: list[dict[str, str]] = tab.evaluate(_RUN)
    return found
