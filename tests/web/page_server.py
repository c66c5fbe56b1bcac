"""A server of the page as a test wants it: on any port, asked with exactly the bytes that the test says."""

import contextlib
import http.client
import json
import threading
from pathlib import Path

from drumbridge.web.house import House
from drumbridge.web.server import WebServer


class Served:
    """A running server and its library."""

    def __init__(self, server, library):
        self.server = server
        self.library = library
        self.url = server.url
        self.host = f"127.0.0.1:{server.port}"

    def ask(self, path, method="GET", body=None, **headers):
        """Send exactly these bytes as a path; return (status, headers, bytes)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        with contextlib.closing(connection):
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            headers = {"Host": self.host} | {name.replace("_", "-"): value for name, value in headers.items()}
            content = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
            if content is not None:
                headers = {"Content-Type": "application/json", "Content-Length": str(len(content))} | headers
            for name, value in headers.items():
                if value is not None:
                    connection.putheader(name, value)
            connection.endheaders(content)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()

    def json(self, path, **how):
        """Ask, and return the JSON object of an answer that has to be a good one."""
        status, _, content = self.ask(path, **how)
        assert status == 200, content
        return json.loads(content)

    def refusal(self, path, **how):
        """Ask, and return the status and code of a refusal."""
        status, _, content = self.ask(path, **how)
        assert status >= 400
        return status, json.loads(content)["error"]


@contextlib.contextmanager
def serving(library: Path, **how):
    """Serve a library until the end of the block; `how` is for `House`."""
    server = WebServer(House(library, **how), "127.0.0.1", 0)
    ready = threading.Event()
    thread = threading.Thread(target=server.run, args=(ready.set,), daemon=True)
    thread.start()
    assert ready.wait(60)
    try:
        yield Served(server, library)
    finally:
        server.stop()
        thread.join(60)
        assert not thread.is_alive()
