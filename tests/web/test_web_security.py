"""Who is let in: the page itself and programs of this machine, by no other name, and to nothing but the library."""

import json
import os
import socket
import struct
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from page_server import serving

from drumbridge.web.security import MAX_BODY, _name_in

CORRECTION = {"corrections": [{"id": 1, "hit": -1, "label": "cowbell"}]}


def label_of(served, number=1):
    return served.json(f"/api/sounds/{number}")["label"]


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "127.0.0.1:1", "[::1]", "127.1.2.3:80"])
def test_the_names_of_this_machine_are_answered(served, host):
    assert served.ask("/", Host=host)[0] == 200


@pytest.mark.parametrize(
    "host",
    [
        *(
            "drumbridge.example",
            "127.0.0.1.example.com",
            "localhost.example.com",
            "localhost.",
            "192.168.1.7",
            "0.0.0.0",
        ),
        *(
            "localhost@evil.example",
            "evil.example#localhost",
            "localhost:80:80",
            "localhost:x",
            "",
            "[::1",
            "::ffff:1.2.3.4",
        ),
        *("localhost/", "localhost, evil.example", "2130706433", "127.1", "[fe80::1]", "user:localhost@evil.example"),
    ],
)
def test_other_names_are_refused(served, host):
    assert served.refusal("/", Host=host) == (421, "web.host")
    assert served.refusal("/api/labels", Host=host) == (421, "web.host")


def raw(served, *lines):
    """Send lines as they are; return the status of the answer."""
    with socket.create_connection(("127.0.0.1", served.server.port), timeout=60) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))
        return int(connection.makefile("rb").readline().split()[1])


def test_a_request_has_exactly_one_host(served):
    assert raw(served, "GET / HTTP/1.1", f"Host: {served.host}", "Connection: close") == 200
    assert raw(served, "GET / HTTP/1.1", f"Host: {served.host}", "Host: evil.example", "Connection: close") >= 400
    assert raw(served, "GET / HTTP/1.1", "Connection: close") >= 400
    assert raw(served, "GET / HTTP/1.0") == 421
    assert raw(served, "GET http://evil.example/ HTTP/1.1", "Host: evil.example", "Connection: close") == 421


@given(st.text(st.characters(codec="latin-1"), max_size=30))
def test_a_name_has_no_marks_of_an_address_in_it(text):
    assert not set(_name_in(text)) & set("/@?#\\ ,")


CROSS = (
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://localhost:1"},
    {"Origin": "https://{host}"},
    {"Origin": "http://{host}.evil.example"},
    {"Sec_Fetch_Site": "cross-site"},
    {"Sec_Fetch_Site": "same-site"},
    {"Origin": "http://{host}", "Sec_Fetch_Site": "cross-site"},
)


@pytest.mark.parametrize("headers", CROSS, ids=str)
def test_another_page_can_neither_write_nor_read(served, headers):
    headers = {name: value.format(host=served.host) for name, value in headers.items()}
    assert served.refusal("/api/correct", method="POST", body=CORRECTION, **headers) == (403, "web.origin")
    assert served.refusal("/api/sounds/1", **headers) == (403, "web.origin")
    assert served.refusal("/api/sounds/1/audio", **headers) == (403, "web.origin")
    assert label_of(served) == "kick"


def test_a_link_on_another_page_leads_to_the_page_and_to_nothing_else(served):
    link = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate"}
    assert served.ask("/", **link)[0] == 200
    assert served.refusal("/api/library", **link) == (403, "web.origin")
    assert served.refusal("/", method="POST", body={}, **link) == (403, "web.origin")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", None])
def test_what_a_form_can_send_writes_nothing(served, kind):
    refusal = served.refusal("/api/correct", method="POST", body=CORRECTION, Content_Type=kind)
    assert refusal == (415, "web.content_type")
    assert label_of(served) == "kick"


def test_the_page_itself_and_programs_may_write(served):
    own = {"Origin": f"http://{served.host}", "Sec_Fetch_Site": "same-origin"}
    served.json("/api/correct", method="POST", body=CORRECTION, **own)
    assert label_of(served) == "cowbell"
    back = {"corrections": [{"id": 1, "hit": -1, "label": ""}]}
    served.json("/api/correct", method="POST", body=back, Content_Type="application/json; charset=utf-8")
    assert label_of(served) == "kick"


def test_a_request_has_an_end(served):
    long = json.dumps(CORRECTION).encode() + b" " * MAX_BODY
    assert served.refusal("/api/correct", method="POST", body=long) == (413, "web.too_long")
    status = raw(
        served, "POST /api/correct HTTP/1.1", f"Host: {served.host}", "Content-Type: application/json",
        "Content-Length: 99999999999999999999", "Connection: close",
    )  # fmt: skip
    assert status in (400, 413)


WAYS_OUT = (
    "/static/../app.py", "/static/..%2fapp.py", "/static/%2e%2e/app.py", "/static/%2e%2e%2f%2e%2e%2fapp.py",
    "/static/..%5capp.py", "/static/..\\app.py", "/static/....//app.py", "/static//etc/passwd", "//etc/passwd",
    "/static/%2fetc%2fpasswd", "/etc/passwd", "/static/C:%5CWindows%5Cwin.ini", "/static/C:/Windows/win.ini",
    "/static/%00style.css", "/static/style.css%00.png", "/static/", "/static", "/static/%252e%252e/app.py",
    "/api/sounds/../../app.py", "/api/sounds/1/../../../etc/passwd", "/api/sounds/..%2f1", "/api/sounds/%2e/audio",
    "/api/sounds/-1", "/api/sounds/1e3", "/api/sounds/0x1/audio", "/api/sounds/C:%5Ca.wav/audio", "/api/sounds//audio",
    "/api/sounds/%2Fetc%2Fpasswd/audio", "/static/index.html", "/static/__pycache__", "/static/views",
)  # fmt: skip


@pytest.mark.parametrize("path", WAYS_OUT)
def test_no_path_leads_out(served, path):
    status, _, content = served.ask(path)
    assert status == 404
    assert b"import" not in content
    assert b"root:" not in content


def test_a_link_that_lies_among_the_pages_files_is_not_followed(tmp_path, monkeypatch, library):
    from drumbridge.web import app

    static = tmp_path / "static"
    static.mkdir()
    (tmp_path / "secret.css").write_text("secret")
    (static / "index.html").write_text("page")
    os.symlink(tmp_path / "secret.css", static / "link.css")
    monkeypatch.setattr(app, "STATIC", static)
    with serving(library) as running:
        assert running.ask("/")[2] == b"page"
        assert running.ask("/static/link.css")[0] == 404


def test_only_what_the_library_knows_is_played(served, sounds, tmp_path):
    assert served.ask("/api/sounds/1/audio")[0] == 200
    for number in (0, 33, 999, 2**31, 2**63, 10**40):
        assert served.refusal(f"/api/sounds/{number}/audio") == (404, "library.unknown")
        assert served.refusal(f"/api/sounds/{number}") == (404, "library.unknown")
    # A file that was put in the place of a sound and is none does not leave as bytes.
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret " * 100)
    sounds[0].unlink()
    os.symlink(secret, sounds[0])
    status, _, content = served.ask("/api/sounds/1/audio")
    assert status == 400
    assert b"the secret" not in content
    sounds[0].unlink()
    os.mkdir(sounds[0])
    assert served.refusal("/api/sounds/1/audio") == (404, "audio.not_a_file")


def test_a_query_opens_no_file_that_the_library_does_not_know(served, sounds, tmp_path):
    stranger = sounds[0].with_name("stranger.wav")
    stranger.write_bytes(sounds[0].read_bytes())
    for path in (stranger, "/etc/passwd", tmp_path / "nowhere.wav"):
        answer = served.json(f"/api/find?q={quote(f'like:{path}')}")
        assert answer["problem"]["error"] == "library.not_heard"
        assert "ids" not in answer
    found = served.json(f"/api/find?q={quote(f'like:{sounds[0]}')}")
    assert found["ids"][0] in (7, 13, 19, 25)  # the other kicks


def test_every_answer_says_what_the_page_may_load(served):
    for path in ("/", "/static/style.css", "/api/labels", "/nothing", "/api/sounds/1/audio"):
        _, headers, _ = served.ask(path)
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "http" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "access-control-allow-origin" not in headers
    _, headers, _ = served.ask("/", Host="evil.example")
    assert "content-security-policy" in headers


def test_the_page_names_no_other_server(served):
    from drumbridge.web.app import STATIC

    for path in STATIC.rglob("*"):
        if path.suffix in (".html", ".js", ".css"):
            text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
            assert "http://" not in text, path
            assert "https://" not in text, path
            assert 'style="' not in text, path


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_do_nothing(served, method):
    assert served.ask("/api/sounds/1", method=method, body={})[0] == 405
    assert served.ask("/api/correct", method=method, body=CORRECTION)[0] == 405
    assert label_of(served) == "kick"


def test_a_client_that_breaks_off_does_no_harm(served):
    for _ in range(3):
        connection = socket.create_connection(("127.0.0.1", served.server.port), timeout=60)
        connection.sendall(f"GET /api/sounds/1/audio HTTP/1.1\r\nHost: {served.host}\r\n\r\n".encode())
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
    assert label_of(served) == "kick"
