"""Finds text that doesn't fit: cut off by its box, wider than it, or drawn over other text."""

FITTING = """() => {
  const wrong = [], seen = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const name = (e, text) => [e.tagName, e.id || String(e.className.baseVal ?? e.className).slice(0, 40), text.slice(0, 30)].join(' ');
  while (walker.nextNode()) {
    const text = walker.currentNode.data.trim(), e = walker.currentNode.parentElement;
    if (!text || e.closest('script, style, title, option, svg [aria-hidden], .visually-hidden, .sr-only, .tip, .histogram') || !e.checkVisibility({opacityProperty: true, visibilityProperty: true})) continue;
    const range = document.createRange();
    range.selectNodeContents(walker.currentNode);
    const box = range.getBoundingClientRect();
    if (box.width < 1 || box.height < 1) continue;
    if (box.left < -1 || box.right > innerWidth + 1) wrong.push(['beyond the page', name(e, text)]);
    for (let p = e; p && p !== document.body; p = p.parentElement) {
      const style = getComputedStyle(p), at = p.getBoundingClientRect();
      if (style.display === 'inline' || p instanceof SVGElement) continue;
      if (['hidden', 'clip'].includes(style.overflowX) && (box.right > at.right + 2 || box.left < at.left - 2)) wrong.push(['cut off', name(e, text)]);
      if (p === e && box.width > at.width + 2) wrong.push(['wider than its box', name(e, text)]);
    }
    for (const one of range.getClientRects()) {
      const x = one.left + one.width / 2, y = one.top + one.height / 2;
      for (const [other, of, e2] of seen) {
        const inner = Math.min(one.height, other.height) / 3;
        if (one.left + 1 < other.right && other.left + 1 < one.right && one.top + inner < other.bottom && other.top + inner < one.bottom && !scrolledAway(e2) && !scrolledAway(e)) {
          wrong.push(['over', name(e, text), of]);
        }
      }
      seen.push([one, name(e, text), e]);
    }
  }
  return wrong;
  function scrolledAway(e) {
    for (let p = e.parentElement; p; p = p.parentElement) {
      const s = getComputedStyle(p);
      if (/auto|scroll/.test(s.overflowY) || s.position === 'sticky') {
        if (s.position === 'sticky') return true;
        const box = e.getBoundingClientRect(), at = p.getBoundingClientRect();
        if (box.top < at.top || box.bottom > at.bottom) return true;
      }
    }
    return false;
  }
}"""
