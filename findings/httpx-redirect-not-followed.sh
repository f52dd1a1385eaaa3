#!/usr/bin/env bash
# httpx 0.28.1 raises for a page that redirects to a mail address, or to an address with a port that is no number, although
# it was told not to follow redirects: the next request is prepared (``Response.next_request``) before the answer is given,
# and with the error the status and the header that say what happened are gone. A crawler that looks at redirects itself,
# as one must that checks each address before it connects, has to catch this beside the errors of the network.
# Seen: status 302 for a usual target, InvalidURL for mailto:, RemoteProtocolError for the port.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/env"
"$dir/env/bin/pip" install --quiet --disable-pip-version-check 'httpx==0.28.1' 2>/dev/null
"$dir/env/bin/python" - <<'PY'
import httpx


def asked(location):
    moved = httpx.MockTransport(lambda request: httpx.Response(302, headers={"location": location}))
    with httpx.Client(transport=moved, follow_redirects=False) as client:
        try:
            return client.get("http://news.example/contact").status_code
        except Exception as error:
            return type(error).__name__


seen = {
    to: asked(to) for to in ("https://news.example/about", "mailto:desk@news.example", "http://news.example:port/")
}
for to, came in seen.items():
    print(f"{to}: {came}")
assert list(seen.values()) == [302, "InvalidURL", "RemoteProtocolError"], "the behaviour has changed"
PY
