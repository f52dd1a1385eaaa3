#!/usr/bin/env bash
# trafilatura 2.3.1 (with htmldate 1.11.0) gives a page that states no date of publication one anyway: the 1st of January of a
# copyright line's year, or a day that the article's prose mentions in passing. Both look like any other date in the result,
# so an article can be filed decades from when it appeared. Nothing is reported for the same page without that line.
# Seen: 2019-01-01 from the footer, 1998-03-12 from the prose, None without either.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/env"
"$dir/env/bin/pip" install --quiet --disable-pip-version-check 'trafilatura==2.3.1' 'htmldate==1.11.0' 'lxml_html_clean>=0.4,<1' 2>/dev/null
"$dir/env/bin/python" - <<'PY'
from trafilatura import bare_extraction

PAGE = '''<html><head><title>Bridge closes</title></head><body><article><h1>Bridge closes</h1>
<p>The bridge over the river was closed after engineers found cracks in two of its piers, the council said.</p>
<p>It will stay closed while the piers are looked at{}, a spokesman for the council told reporters.</p></article>{}</body></html>'''


def date(prose="", footer=""):
    return bare_extraction(PAGE.format(prose, footer), with_metadata=True).date


seen = {
    "no date anywhere": date(),
    "a copyright year in the footer": date(footer="<footer>Copyright 2019 Example Media</footer>"),
    "a day in the prose": date(prose=", as the accord of 12 March 1998 demands"),
}
for what, found in seen.items():
    print(f"{what}: {found}")
assert list(seen.values()) == [None, "2019-01-01", "1998-03-12"], "the behaviour has changed"
PY
