#!/usr/bin/env bash
# feedparser 6.0.14 takes the zones by name that European and Asian feeds write (CEST, BST, JST ...) for UTC, and those of
# North America for what they are; fastfeedparser 0.6.5 knows most of both, and takes BRT, SAST and HKT for UTC. Neither
# says that it did not know the zone: the instant looks like any other, hours off.
# Seen: 19:20 CEST is 19:20 UTC for feedparser and 17:20 for fastfeedparser; 19:20 HKT is 19:20 UTC for both.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/env"
"$dir/env/bin/pip" install --quiet --disable-pip-version-check 'feedparser==6.0.14' 'fastfeedparser==0.6.5' 2>/dev/null
"$dir/env/bin/python" - <<'PY'
import fastfeedparser
import feedparser

FEED = "<rss version='2.0'><channel><title>K</title><item><title>B</title><pubDate>{}</pubDate></item></channel></rss>"


def clock(zone):
    feed = FEED.format(f"Fri, 28 Apr 2023 19:20:36 {zone}")
    slow = "{3:02}:{4:02}".format(*feedparser.parse(feed).entries[0].published_parsed)
    return slow, fastfeedparser.parse(feed).entries[0]["published"][11:16]


seen = {zone: clock(zone) for zone in ("EDT", "PST", "CEST", "BST", "JST", "HKT", "SAST")}
for zone, (slow, fast) in seen.items():
    print(f"19:20 {zone}: feedparser {slow} UTC, fastfeedparser {fast} UTC")
assert seen["EDT"] == ("23:20", "23:20") and seen["PST"] == ("03:20", "03:20"), "the behaviour has changed"
assert all(seen[zone][0] == "19:20" for zone in ("CEST", "BST", "JST", "HKT", "SAST")), "the behaviour has changed"
assert [seen[zone][1] for zone in ("CEST", "BST", "JST", "HKT", "SAST")] == [
    "17:20", "18:20", "10:20", "19:20", "19:20"
], "the behaviour has changed"
PY
