"""Real OSC programs as clients of a real server: liblo, Pure Data, SuperCollider, python-osc.

Each skips where its program is not installed. They are asked what a DAW asks: who are you, what is in
this folder (whose name is not ASCII), which hits are in this loop.
"""

import os
import re
import select
import shutil
import socket
import subprocess
import time

import pytest
from osc_client import DEADLINE_S, ENDS, Udp
from pythonosc.dispatcher import Dispatcher
from pythonosc.osc_bundle_builder import OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.osc_server import BlockingOSCUDPServer
from pythonosc.osc_tcp_server import MODE_1_0, MODE_1_1
from pythonosc.tcp_client import SimpleTCPClient
from pythonosc.udp_client import SimpleUDPClient


def needs(*programs):
    missing = [program for program in programs if shutil.which(program) is None]
    return pytest.mark.skipif(bool(missing), reason=f"not installed: {', '.join(missing)}")


def free_port(kind: int = socket.SOCK_DGRAM) -> int:
    with socket.socket(socket.AF_INET, kind) as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Output:
    """Lines that a program prints, read with a deadline."""

    def __init__(self, process: subprocess.Popen) -> None:
        self._process = process
        self._rest = b""
        self.lines: list[str] = []

    def line(self, timeout_s: float) -> str | None:
        """Return the next line, None when there is none in time."""
        deadline = time.monotonic() + timeout_s
        while b"\n" not in self._rest:
            ready, _, _ = select.select([self._process.stdout], [], [], max(0.0, deadline - time.monotonic()))
            piece = os.read(self._process.stdout.fileno(), 65536) if ready else b""
            if not piece:
                return None
            self._rest += piece
        line, _, self._rest = self._rest.partition(b"\n")
        self.lines.append(line.decode())
        return self.lines[-1]


# -- liblo -------------------------------------------------------------------------------------------


def oscsend(port: int, address: str, tags: str, *values: object) -> None:
    command = ["oscsend", "127.0.0.1", str(port), address, tags, *map(str, values)]
    subprocess.run(command, check=True, timeout=DEADLINE_S)


@needs("oscsend", "oscdump")
def test_liblo_asks_by_oscsend_and_hears_by_oscdump(running):
    port = free_port()
    dump = subprocess.Popen(["oscdump", "-L", str(port)], stdout=subprocess.PIPE)
    try:
        output = Output(dump)
        deadline = time.monotonic() + DEADLINE_S
        line = None
        while line is None and time.monotonic() < deadline:  # until oscdump listens
            oscsend(running.port, "/drumbridge/hello", "iis", 7, port, "liblo")
            line = output.line(0.2)
        assert re.search(r'/drumbridge/done iis 7 \d+ "\d+\.', line)
    finally:
        dump.kill()
        dump.wait()
        dump.stdout.close()


@needs("oscsend")
def test_liblo_speaks_over_tcp(running):
    watcher = Udp(running.port)

    def requests() -> int:
        status, _ = watcher.ask("status", 1)
        return dict(zip(status.arguments[1::2], status.arguments[2::2], strict=True))["requests"]

    before = requests()
    url = f"osc.tcp://127.0.0.1:{running.port}"
    subprocess.run(["oscsend", url, "/drumbridge/ping", "i", "1"], check=True, timeout=DEADLINE_S)
    for asked in range(1, 10_000):
        if requests() == before + asked + 1:  # the questions themselves, and the ping
            break
    else:
        pytest.fail("the ping did not arrive")
    watcher.close()


# -- Pure Data ---------------------------------------------------------------------------------------

PATCH = """#N canvas 0 0 600 400 12;
#X obj 20 20 loadbang;
#X obj 20 50 t b b;
#X msg 120 80 connect 127.0.0.1 {port};
#X msg 20 110 {arguments};
#X obj 20 140 oscformat {format} drumbridge {verb};
#X obj 20 170 netsend -u -b;
#X obj 20 200 oscparse;
#X obj 20 230 print answer;
#X connect 0 0 1 0;
#X connect 1 0 3 0;
#X connect 1 1 2 0;
#X connect 2 0 5 0;
#X connect 3 0 4 0;
#X connect 4 0 5 0;
#X connect 5 1 6 0;
#X connect 6 0 7 0;
"""


def pd(tmp_path, port: int, verb: str, *arguments: object, format: str = "") -> list[list[str]]:
    """Ask by a Pd patch; return the answers, each as its words."""
    patch = tmp_path / "ask.pd"
    words = [str(argument).replace(" ", "\\ ").replace(",", "\\,").replace(";", "\\;") for argument in arguments]
    patch.write_text(PATCH.format(port=port, verb=verb, arguments=" ".join(words), format=format), encoding="utf-8")
    command = ["pd", "-nogui", "-noaudio", "-nomidi", "-noprefs", "-stderr", "-open", str(patch)]
    process = subprocess.Popen(command, stderr=subprocess.STDOUT, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    try:
        output = Output(process)
        answers = []
        while not answers or answers[-1][:2] not in (["drumbridge", "done"], ["drumbridge", "fail"]):
            line = output.line(DEADLINE_S)
            assert line is not None, output.lines
            if line.startswith("answer: "):
                answers.append(line.removeprefix("answer: ").removeprefix("list ").split())
        return answers
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@needs("pd")
@pytest.mark.parametrize("format", ["", "-f i"])
def test_pd_pings_with_floats_and_with_ints(running, tmp_path, format):
    assert pd(tmp_path, running.port, "ping", 12, format=format) == [["drumbridge", "done", "12"]]


@needs("pd")
def test_pd_scans_a_folder_whose_name_is_not_ascii(running, tmp_path):
    answers = pd(tmp_path, running.port, "scan", 3, running.folder)
    assert answers[-1] == ["drumbridge", "done", "3", "2", "0"]
    files = [" ".join(answer) for answer in answers if answer[1] == "file"]
    assert [
        str(running.folder / name) in line for name, line in zip(["Bass drum.wav", "Hi-Hat ü.wav"], files, strict=True)
    ]
    assert "kick" in files[0]
    assert "closed_hat" in files[1]


@needs("pd")
def test_pd_hears_the_hits_of_a_loop(running, tmp_path):
    *hits, done = (a for a in pd(tmp_path, running.port, "transcribe", 4, running.loop) if a[1] != "progress")
    assert done == ["drumbridge", "done", "4", str(len(hits))]
    assert len(hits) > 8
    assert all(hit[:3] == ["drumbridge", "hit", "4"] for hit in hits)


@needs("pd")
def test_pd_is_told_what_was_wrong(running, tmp_path):
    ((*fail,),) = pd(tmp_path, running.port, "classify", 5, "/no/such/file.wav")
    assert fail[:4] == ["drumbridge", "fail", "5", "audio.not_found"]


# -- SuperCollider -----------------------------------------------------------------------------------

SCRIPT = """(
var server = NetAddr("127.0.0.1", PORT), requests = REQUESTS, ended = 0;
thisProcess.addOSCRecvFunc({ |message|
    if(message[0].asString.beginsWith("/drumbridge/")) {
        ("answer: " ++ message.collect(_.asString).join("\\t")).postln;
        if([DONE, FAIL].includes(message[0])) {
            ended = ended + 1;
            if(ended == requests.size) { 0.exit };
        };
    };
});
SystemClock.sched(60, { "nobody answered".postln; 1.exit; });
SEND
)
"""


def sclang(tmp_path, port: int, requests: list[str], send: str) -> list[list[str]]:
    """Ask by sclang; return the answers, each as its parts."""
    script = tmp_path / "ask.scd"
    text = SCRIPT.replace("DONE", "'/drumbridge/done'").replace("FAIL", "'/drumbridge/fail'")
    text = text.replace("REQUESTS", f"[{', '.join(requests)}]").replace("PORT", str(port)).replace("SEND", send)
    script.write_text(text, encoding="utf-8")
    environment = {
        **os.environ, "QT_QPA_PLATFORM": "offscreen", "QTWEBENGINE_DISABLE_SANDBOX": "1",
        "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path),
    }  # fmt: skip
    done = subprocess.run(
        ["sclang", str(script)], capture_output=True, timeout=120, stdin=subprocess.DEVNULL, env=environment
    )
    output = done.stdout.decode("utf-8", "replace")
    assert done.returncode == 0, output
    return [line.removeprefix("answer: ").split("\t") for line in output.splitlines() if line.startswith("answer: ")]


@needs("sclang")
def test_sclang_asks_one_by_one(running, tmp_path):
    requests = [
        '["/drumbridge/hello", 1, 0, "SuperCollider"]',
        '["/drumbridge/ping", 2.0]',
        '["/drumbridge/nothing", 3]',
        f'["/drumbridge/scan", 4, "{running.folder}"]',
        f'["/drumbridge/transcribe", 5, "{running.loop}", 0, 1]',
    ]
    answers = sclang(tmp_path, running.port, requests, "requests.do { |request| server.sendMsg(*request) };")
    ends = {answer[1]: answer for answer in answers if answer[0] in ENDS}
    assert ends["2"] == ["/drumbridge/done", "2"]
    assert ends["3"][:3] == ["/drumbridge/fail", "3", "osc.unknown_address"]
    assert ends["4"] == ["/drumbridge/done", "4", "2", "0"]
    assert int(ends["5"][2]) == sum(answer[:2] == ["/drumbridge/hit", "5"] for answer in answers) > 1
    files = [answer[2] for answer in answers if answer[0] == "/drumbridge/file"]
    assert files == [str(running.folder / name) for name in ("Bass drum.wav", "Hi-Hat ü.wav")]


@needs("sclang")
def test_sclang_sends_a_bundle_for_later_and_is_answered_now(running, tmp_path):
    requests = ['["/drumbridge/ping", 1]', '["/drumbridge/sync", 2]']
    answers = sclang(tmp_path, running.port, requests, "server.sendBundle(1000, *requests);")
    assert answers == [["/drumbridge/done", "1"], ["/drumbridge/done", "2"]]


# -- python-osc --------------------------------------------------------------------------------------


def until_end(messages) -> list:
    """Return python-osc's messages up to a done or fail, as (address, arguments)."""
    answers = []
    for message in messages:
        answers.append((message.address, message.params))
        if message.address in ENDS:
            return answers
    pytest.fail(f"the answers do not end: {answers}")


def test_python_osc_over_udp(running):
    with SimpleUDPClient("127.0.0.1", running.port, timeout=DEADLINE_S) as client:
        client.send_message("/drumbridge/scan", [1, str(running.folder)])
        answers = until_end(client.get_messages())
        assert answers[-1] == ("/drumbridge/done", [1, 2, 0])
        client.send_message("/drumbridge/labels", 2)
        assert until_end(client.get_messages())[-1] == ("/drumbridge/done", [2])
        client.send_message("/drumbridge/ping", [])
        assert until_end(client.get_messages())[-1][1][:2] == [-1, "osc.arguments"]


@pytest.mark.parametrize("mode", [MODE_1_0, MODE_1_1])
def test_python_osc_over_tcp(running, mode):
    with SimpleTCPClient("127.0.0.1", running.port, mode=mode, timeout=DEADLINE_S) as client:
        client.send_message("/drumbridge/ping", [1])
        assert until_end(client.get_messages())[-1] == ("/drumbridge/done", [1])
        client.send_message("/drumbridge/classify", [2, "/no/such/file.wav"])
        assert until_end(client.get_messages())[-1][1][:2] == [2, "audio.not_found"]


def test_python_osc_sends_a_bundle(running):
    bundle = OscBundleBuilder(time.time() + 1000)
    for req in (1, 2):
        request = OscMessageBuilder("/drumbridge/ping")
        request.add_arg(req)
        bundle.add_content(request.build())
    with SimpleUDPClient("127.0.0.1", running.port, timeout=DEADLINE_S) as client:
        client.send(bundle.build())
        answers = [message.params for _, message in zip(range(2), client.get_messages(), strict=False)]
    assert answers == [[1], [2]]


def test_python_osc_listens_on_a_port_of_its_own(running):
    heard = []
    dispatcher = Dispatcher()
    dispatcher.set_default_handler(lambda address, *values: heard.append((address, *values)))
    with (
        BlockingOSCUDPServer(("127.0.0.1", 0), dispatcher) as listening,
        SimpleUDPClient("127.0.0.1", running.port) as client,
    ):
        listening.timeout = DEADLINE_S
        client.send_message("/drumbridge/hello", [1, listening.server_address[1], "python-osc"])
        client.send_message("/drumbridge/classify", [2, str(running.folder / "Bass drum.wav")])
        while not heard or heard[-1][:2] not in (("/drumbridge/done", 2), ("/drumbridge/fail", 2)):
            before = len(heard)
            listening.handle_request()
            assert len(heard) > before, "nobody answered"
    assert heard[0][:2] == ("/drumbridge/done", 1)
    assert heard[-1][2] == "kick"
