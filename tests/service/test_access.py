"""Who may come in."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from service.guarded import ADA, BO, HASHES, HOME, HTML, KEY, basic, bearer, client, sent_to
from starlette.applications import Starlette
from starlette.testclient import TestClient

from rag import Settings
from rag.errors import UsageError
from rag.service.access import Access, Guard, is_loopback
from rag.service.passwords import Passwords, hash_password, is_hash, read_users
from rag.service.sessions import SESSION, Sessions, session_key
from rag.service.sign_in import sign_in_page
from rag.service.tries import TRIES

# -- what is asked ------------------------------------------------------------------------


def test_on_this_machine_nothing_is_asked() -> None:
    web = client(Access())
    assert web.get("/api/ask").text == web.post("/").text == "local"
    assert sent_to(web.get("/login")) == "/"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "news.example.org", ""])
def test_listening_elsewhere_needs_a_secret(host: str) -> None:
    with pytest.raises(UsageError, match="Set ONRECORD_TOKEN"):
        Access(host=host)
    Access(host=host, token="long enough")
    Access(host=host, users={"ada": HASHES[ADA]})


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "localhost", "::1", "[::1]"])
def test_loopback(host: str) -> None:
    assert is_loopback(host)
    assert Access(host=host).open


def test_short_secrets_are_refused() -> None:
    with pytest.raises(UsageError, match="token has fewer than 8"):
        Access(token="short")
    for token in ("", " ", "\n"):
        with pytest.raises(UsageError, match="token is empty"):
            Access(token=token)
        with pytest.raises(UsageError, match="token is empty"):
            Access.of(Settings(token=SecretStr(token)))
    for token in ("gelöst und gut", " in spaces ", "two\nlines"):
        with pytest.raises(UsageError, match="letters and digits"):
            Access(token=token)
    with pytest.raises(UsageError, match="password has fewer than 8"):
        hash_password("short")
    with pytest.raises(UsageError, match="more than 72 bytes"):
        hash_password("ö" * 37)
    with pytest.raises(UsageError, match=r"ada is not stored as a bcrypt hash.*onrecord password ada"):
        Access(users={"ada": "a password in clear"})


@pytest.mark.parametrize("path", ["/", "/api/ask", "/deep/er", "/nothing", "/healthz/", "/healthz2", "//healthz"])
def test_nothing_but_healthz_is_free(path: str) -> None:
    web = client(Access(token="long enough"))
    answer = web.get(path)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.json()["error"]["type"] == "Unauthorized"
    assert web.post(path).status_code == 401


def test_healthz_is_free_by_any_name() -> None:
    assert client(Access(token="long enough"), "http://10.0.0.7").get("/healthz").text == "alive"


def test_the_token_opens() -> None:
    access = Access(token="the-right-token")
    web = client(access)
    assert web.get("/api/ask", headers=bearer("the-right-token")).text == "token"
    assert web.get("/api/ask", headers=basic("", "the-right-token")).text == "token"
    for wrong in ("the-right-toke", "the-right-token2", "", "THE-RIGHT-TOKEN"):
        assert web.get("/api/ask", headers=bearer(wrong)).status_code == 401
    assert web.get("/api/ask", headers={"authorization": "Basic !!!"}).status_code == 401
    assert web.get("/api/ask", headers={"authorization": "Digest x"}).status_code == 401


def test_users_open_with_their_own_password() -> None:
    web = client(Access(users={"ada": HASHES[ADA], "bo": HASHES[BO]}))
    assert web.get("/", headers=basic("ada", "ada's secret")).text == "ada"
    assert web.get("/", headers=basic("bo", "bo's secret")).text == "bo"
    for name, password in (("ada", "bo's secret"), ("", "ada's secret"), ("nobody", ""), ("nobody", "x" * 64)):
        assert web.get("/", headers=basic(name, password)).status_code == 401


@given(name=st.text(max_size=20), secret=st.text(max_size=80))
def test_no_guess_opens(name: str, secret: str) -> None:
    access = _SHARED
    assert access.authenticate(name, secret) is None
    assert access.identify({"cookie": f"{access.cookie}={name}.{secret}"}) is None
    assert access.identify({"authorization": f"Bearer {secret}"}) is None


_SHARED = Access(token="q7-nobody-comes-upon-this-by-chance", users={"ada": HASHES[ADA]})


# -- signing in ---------------------------------------------------------------------------


def test_a_browser_signs_in_and_is_sent_where_it_wanted() -> None:
    access = Access(token="the-right-token")
    web = client(access)
    sent = web.get("/deep/er?a=1&b=x%20y", headers=HTML)
    assert sent.status_code == 303
    form = web.get(sent_to(sent))
    assert form.status_code == 200 and 'type="password"' in form.text and "<script" not in form.text
    done = web.post(sent_to(sent), data={"secret": "the-right-token"}, headers={"origin": HOME})
    assert done.status_code == 303 and sent_to(done) == "/deep/er?a=1&b=x%20y"
    cookie = done.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and "Secure" not in cookie
    assert web.get("/deep/er").text == "token"
    assert sent_to(web.get("/login?next=/deep/er")) == "/deep/er"
    assert web.post("/logout").status_code == 303
    assert web.get("/").status_code == 401


def test_over_https_the_cookie_stays_there() -> None:
    web = client(Access(token="the-right-token"), "https://127.0.0.1")
    assert "; Secure" in web.post("/login", data={"secret": "the-right-token"}).headers["set-cookie"]


def test_a_user_signs_in_by_name() -> None:
    access = Access(users={"ada": HASHES[ADA]}, token="the-right-token")
    web = client(access)
    assert web.post("/login", data={"name": "ada", "secret": "the-right-token"}).status_code == 401
    assert web.post("/login", data={"name": " ada ", "secret": "ada's secret"}).status_code == 303
    assert web.get("/").text == "ada"
    web = client(access)
    assert web.post("/login", data={"name": "", "secret": "the-right-token"}).status_code == 303
    assert web.get("/").text == "token"


@pytest.mark.parametrize(
    "target", ["//evil.com", "/\\evil.com", "https://evil.com", "javascript:alert(1)", "", "/a\r\nset-cookie: x=y"]
)
def test_nobody_is_sent_elsewhere(target: str) -> None:
    web = client(Access(token="the-right-token"))
    done = web.post("/login", params={"next": target}, data={"secret": "the-right-token"})
    assert sent_to(done) == "/"


def test_the_form_shows_what_was_given_as_text() -> None:
    page = sign_in_page('/"><script>', names=True, token=True, wrong="<b>no</b>")
    assert "<script>" not in page and "<b>no" not in page


@pytest.mark.parametrize("body", [b"\xff\xfe", b"", b"secret", b"x" * 20_000, b"secret=" + b"%" * 100])
def test_odd_forms_are_wrong_answers(body: bytes) -> None:
    web = client(Access(token="the-right-token"))
    assert web.post("/login", content=body).status_code == 401


def test_sessions_are_signed_and_end(monkeypatch: pytest.MonkeyPatch) -> None:
    users = {"ada": HASHES[ADA], "bo": HASHES[BO]}
    access = Access(users=users, session_key=KEY)
    value = access.session("ada")
    header = {"cookie": f'odd="{{x; {access.cookie}={value}'}
    assert access.identify(header) == "ada", "another service's odd cookie before it"
    payload, _, signature = value.rpartition(".")
    other = access.session("bo").rpartition(".")[0]
    for forged in (
        f"{other}.{signature}",
        value[:-1],
        value + "x",
        payload,
        "",
        "..",
        "ü.ü.ü",
        Sessions(b"x" * 32).create("ada", HASHES[ADA]),
    ):
        assert access.identify({"cookie": f"{access.cookie}={forged}"}) is None
    assert Access(users=users, session_key=KEY).identify(header) == "ada", "a restart ends no session"
    assert Access(users=users).identify(header) is None, "another key does"
    changed = Access(users={**users, "ada": HASHES["another secret"]}, session_key=KEY)
    assert changed.identify(header) is None, "a new password does"
    bos = {"cookie": f"{access.cookie}={access.session('bo')}"}
    assert changed.identify(bos) == "bo", "but nobody else's"
    assert Access(users={"bo": HASHES[BO]}, session_key=KEY).identify(header) is None, "so does being taken out"
    with pytest.raises(UsageError, match="no user"):
        access.session("nobody")
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + SESSION - 10)
    assert access.identify(header) == "ada"
    monkeypatch.setattr(time, "time", lambda: now + SESSION + 10)
    assert access.identify(header) is None


def test_a_new_token_ends_its_sessions() -> None:
    header = {"cookie": f"{(old := Access(token='the-right-token', session_key=KEY)).cookie}={old.session('token')}"}
    assert Access(token="the-right-token", session_key=KEY).identify(header) == "token"
    assert Access(token="another-good-token", session_key=KEY).identify(header) is None


def test_the_key_of_sessions_outlives_a_restart_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    first = session_key(folder, "one archive")
    assert session_key(folder, "one archive") == first != session_key(folder, "another archive")
    assert (folder / "session.key").stat().st_mode & 0o077 == 0
    (folder / "session.key").write_bytes(b"cut")
    assert session_key(folder, "one archive") != session_key(folder, "one archive"), "a broken file is no secret"
    (tmp_path / "file").write_text("")
    assert len(session_key(tmp_path / "file", "x")) == 32, "a folder that can't be made"


# -- passwords ----------------------------------------------------------------------------


def test_passwords_are_verified_against_their_hashes() -> None:
    passwords = Passwords({"ada": HASHES[ADA], "bo": HASHES[BO].replace("$2b$", "$2y$", 1)})
    assert passwords.verify("ada", ADA) and passwords.verify("ada", ADA)
    assert passwords.verify("bo", BO), "as htpasswd writes it"
    for name, password in (
        ("ada", BO),
        ("bo", ADA),
        ("", ADA),
        ("cy", ADA),
        ("ada", ""),
        ("ada", ADA + "\0"),
        ("cy", "U*U"),
    ):
        assert not passwords.verify(name, password)
    longest = "ö" * 36
    whole = Passwords({"ada": hash_password(longest, cost=4)})
    assert whole.verify("ada", longest)
    assert not whole.verify("ada", longest + "!"), "no password is cut to what bcrypt reads"


def test_an_unknown_user_takes_as_long_as_a_known_one(monkeypatch: pytest.MonkeyPatch) -> None:
    import bcrypt

    costs: list[bytes] = []

    def checkpw(password: bytes, stored: bytes) -> bool:
        costs.append(stored[4:6])
        return False

    monkeypatch.setattr(bcrypt, "checkpw", checkpw)
    passwords = Passwords({"ada": "$2b$11$" + "C" * 53})
    for name, password in (("ada", "x"), ("nobody", "x"), ("ada", "x" * 100)):
        assert not passwords.verify(name, password)
    assert costs == [b"11"] * 3


def test_a_right_password_is_hashed_once_in_a_while_and_never_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    import bcrypt

    passwords = Passwords({"ada": HASHES[ADA]})
    assert passwords.verify("ada", ADA)
    monkeypatch.setattr(bcrypt, "checkpw", lambda *_: False)
    assert passwords.verify("ada", ADA)
    assert not passwords.verify("ada", BO) and not passwords.verify("bo", ADA)
    assert ADA not in repr(vars(passwords)) and ADA.encode() not in b"".join(passwords._verified)
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 301)
    assert not passwords.verify("ada", ADA)


# -- guessing -----------------------------------------------------------------------------


def test_guessing_is_slowed_down(monkeypatch: pytest.MonkeyPatch) -> None:
    access = Access(token="the-right-token")
    web = client(access)
    for _ in range(TRIES - 1):
        assert web.post("/login", data={"secret": "wrong"}).status_code == 401
    assert web.get("/", headers=bearer("wrong")).status_code == 401
    blocked = web.post("/login", data={"secret": "the-right-token"})
    assert blocked.status_code == 429 and int(blocked.headers["retry-after"]) > 50
    assert web.get("/", headers=bearer("the-right-token")).status_code == 429
    web.cookies.set(access.cookie, access.session("token"))
    assert web.get("/").text == "token", "who is in stays in"
    other = client(access, client=("10.0.0.9", 50000))
    assert other.get("/", headers=bearer("the-right-token")).text == "token", "another address"
    assert sent_to(web.get("/login", headers={**bearer("the-right-token"), **HTML})) == "/", "by its cookie"
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 61)
    assert client(access).get("/", headers=bearer("the-right-token")).text == "token"


def test_the_form_is_no_way_around_the_count_of_tries() -> None:
    web = client(Access(token="the-right-token"))
    assert web.get("/login", headers=bearer("the-right-token")).status_code == 200, "a header opens no form"


def test_tries_that_come_at_once_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    from concurrent.futures import ThreadPoolExecutor

    access = Access(users={"ada": HASHES[ADA]})
    with client(access) as web, ThreadPoolExecutor(30) as pool:
        statuses = [a.status_code for a in pool.map(lambda _: web.get("/", headers=basic("ada", "wrong")), range(30))]
    assert set(statuses) == {401, 429} and statuses.count(401) <= TRIES + 1


# -- other sites --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "let_in"),
    [
        ({}, True),
        ({"origin": HOME}, True),
        ({"origin": "http://127.0.0.1:3000"}, False),
        ({"origin": "http://evil.com"}, False),
        ({"origin": "null"}, False),
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "none"}, True),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "same-site"}, False),
    ],
)
def test_another_sites_page_changes_nothing(headers: dict[str, str], let_in: bool) -> None:
    for access in (Access(), Access(token="the-right-token")):
        web = client(access)
        if not access.open:
            web.cookies.set(access.cookie, access.session("token"))
        assert (web.post("/api/ask", headers=headers).status_code == 200) is let_in
        assert web.get("/api/ask", headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("127.0.0.1", True),
        ("localhost", True),
        ("LOCALHOST", True),
        ("[::1]", True),
        ("evil.com", False),
        ("127.0.0.1.evil.com", False),
        ("", False),
        ("[", False),
    ],
)
def test_a_name_that_was_pointed_here_is_refused(name: str, known: bool) -> None:
    web = client(Access())
    for port in ("", ":8000"):
        assert (web.get("/", headers={"host": f"{name}{port}"}).status_code == 200) is known


def test_behind_a_secret_any_name_will_do_until_names_are_given() -> None:
    right = {**bearer("the-right-token"), "host": b"news.example.org"}
    assert client(Access(token="the-right-token", host="0.0.0.0")).get("/", headers=right).status_code == 200
    assert client(Access(token="the-right-token")).get("/", headers=right).status_code == 421
    named = client(Access(token="the-right-token", host="0.0.0.0", hosts=["news.example.org"]))
    assert named.get("/", headers=right).status_code == 200
    assert named.get("/", headers={**right, "host": b"evil.com"}).status_code == 421


def test_a_proxy_may_write_its_own_host() -> None:
    access = Access(token="the-right-token", hosts=["news.example.org"])
    headers = {**bearer("the-right-token"), "origin": b"https://news.example.org"}
    assert client(access).post("/", headers=headers).status_code == 200


def test_a_socket_needs_the_same() -> None:
    from starlette.routing import WebSocketRoute
    from starlette.websockets import WebSocket, WebSocketDisconnect

    async def echo(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text("hello")
        await socket.close()

    access = Access(token="the-right-token")
    app = Starlette(routes=[WebSocketRoute("/ws", echo)])
    app.add_middleware(Guard, access=access)
    web = TestClient(app, base_url=HOME)
    with pytest.raises(WebSocketDisconnect), web.websocket_connect("/ws", headers={"host": "127.0.0.1"}):
        pass
    right = {"authorization": "Bearer the-right-token", "host": "127.0.0.1"}
    with web.websocket_connect("/ws", headers=right) as socket:
        assert socket.receive_text() == "hello"
    with (
        pytest.raises(WebSocketDisconnect),
        web.websocket_connect("/ws", headers={**right, "origin": "http://evil.com"}),
    ):
        pass


# -- settings -----------------------------------------------------------------------------


def test_password_files(tmp_path: Path) -> None:
    file = tmp_path / "p"
    ada, bo = HASHES[ADA], HASHES[BO]
    file.write_text(f"# people\nada:{ada}\n\n bo : {bo} \n")
    assert read_users(file) == {"ada": ada, "bo": bo}
    assert read_users(file, "bo") == {"bo": bo}
    file.write_text(f"{ada}\nmore\n")
    assert read_users(file, "ada") == {"ada": ada}
    for text, told in (("", "is empty"), ("ada\n", "Line 1"), ("ada:\n", "Line 1"), (":x\n", "Line 1")):
        file.write_text(text)
        with pytest.raises(UsageError, match=told):
            read_users(file)
    file.write_text("\n")
    with pytest.raises(UsageError, match="empty"):
        read_users(file, "ada")
    file.write_text(f"bo:{bo}\n")
    with pytest.raises(UsageError, match="no line for ada"):
        read_users(file, "ada")
    with pytest.raises(UsageError, match="can't be read"):
        read_users(tmp_path / "nowhere")


@pytest.mark.parametrize("user", [None, "ada"])
def test_a_password_in_clear_is_refused_with_the_command_that_makes_its_line(tmp_path: Path, user: str | None) -> None:
    file = tmp_path / "p"
    for clear in ("ada:ada's secret", f"ada:{HASHES[ADA][:-1]}", "ada:$apr1$salt$hash"):
        file.write_text(f"# people\n{clear}\n")
        with pytest.raises(UsageError, match="in clear") as told:
            read_users(file, user)
        assert f"Line 2 of {file}" in str(told.value) and "onrecord password ada" in str(told.value)
        assert "secret" not in str(told.value) and HASHES[ADA][:-1] not in str(told.value)
    file.write_text("ada's secret\n")
    with pytest.raises(UsageError, match="Line 1"):
        read_users(file, user)
    assert not is_hash("ada's secret") and is_hash(HASHES[ADA])


def test_settings_make_it(tmp_path: Path) -> None:
    file = tmp_path / "p"
    file.write_text(HASHES[ADA])
    assert Access.of(Settings()).open and not Settings().cache.exists()
    both = Access.of(Settings(token=SecretStr("the-right-token"), user="ada", password_file=file, host="0.0.0.0"))
    assert both.authenticate("", "the-right-token") == "token" and both.authenticate("ada", ADA) == "ada"
    again = Access.of(Settings(user="ada", password_file=file))
    assert again.identify({"cookie": f"{both.cookie}={both.session('ada')}"}) == "ada", "a restart ends no session"
    with pytest.raises(UsageError, match="Give --password-file"):
        Access.of(Settings(user="ada"))
    with pytest.raises(UsageError, match="an empty name"):
        Access.of(Settings(user=""))
    assert "the-right-token" not in str(Settings(token=SecretStr("the-right-token")))
    assert "the-right-token" not in Settings(token=SecretStr("the-right-token")).model_dump_json()
