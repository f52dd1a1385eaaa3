// The page can be read without this: it only adds a filter over the cases, and unfolds the case a link leads into.
(() => {
  const cases = [...document.querySelectorAll("[data-verdict]")];
  const bar = document.querySelector(".filter");
  const unfold = () => {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    const holder = target && target.closest("details");
    if (holder && !holder.open) { holder.open = true; target.scrollIntoView(); }
  };
  addEventListener("hashchange", unfold);
  unfold();
  if (!bar || cases.length < 2) return;
  const [select, input, told] = ["select", "input", "output"].map((name) => bar.querySelector(name));
  for (const verdict of new Set(cases.map((c) => c.dataset.verdict))) select.add(new Option(verdict));
  const words = cases.map((c) => c.textContent.toLowerCase());
  const show = () => {
    const wanted = input.value.trim().toLowerCase();
    let n = 0;
    cases.forEach((c, i) => {
      c.hidden = (select.value && c.dataset.verdict !== select.value) || !words[i].includes(wanted);
      n += !c.hidden;
    });
    for (const group of document.querySelectorAll(".group")) group.hidden = !group.querySelector("[data-verdict]:not([hidden])");
    told.value = n === cases.length ? "" : `${n} of ${cases.length} cases`;
  };
  select.addEventListener("change", show);
  input.addEventListener("input", show);
  bar.hidden = false;
  show();
})();
