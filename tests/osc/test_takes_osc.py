"""Takes over OSC: done means that the files are there, and a take that ends by itself is told of."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from live_player import Player, cut
from osc_client import ENDS, Udp, message, serving

from drumbridge.core.synthesis import demo_loop
from drumbridge.engine import take as take_module
from drumbridge.engine.engine import Engine

RATE = 44100
ENDED = "/drumbridge/take/ended"


@pytest.fixture(scope="module")
def loop() -> np.ndarray:
    return demo_loop(RATE)[0].astype(np.float32)


@pytest.fixture(scope="module")
def engine(small_model) -> Engine:
    return Engine(model=str(small_model))


@pytest.fixture
def client(engine):
    with serving(engine) as server:
        client = Udp(server.address[1])
        yield client
        client.close()


def test_done_of_stop_means_that_the_files_are_there(client, engine, loop, tmp_path, monkeypatch):
    monkeypatch.setattr(take_module, "PATIENCE_S", 20.0)  # the rest of the audio may be slow to come
    player = Player(client, "", 10.0)
    assert player.ask("take/start", player.stream_id, str(tmp_path))[-1].address == ENDS[0]
    blocks = list(cut(np.tile(loop, 2)[:, None], 512))
    half = len(blocks) // 2
    for number, block in enumerate(blocks[:half]):
        player.send(number, block)
    client.send("take/stop", 777, player.stream_id)
    for number, block in enumerate(blocks[half:], half):
        player.client.send("stream/audio", player.stream_id, number, block.astype("<f4").tobytes())
    while (answer := client.receive()).arguments[0] != 777 or answer.address not in ENDS:
        if answer.address.startswith("/drumbridge/live"):
            player.events.append(answer)
    path = Path(answer.arguments[1])
    assert path.parent == tmp_path
    heard = soundfile.read(path, dtype="float32")[0]
    assert (heard == np.tile(loop, 2)[: half * 512]).all()
    player.close()
    played = [position for position, _ in player.hits() if position < half * 512]
    assert len(played) > 10
    told = json.loads(path.with_suffix(".json").read_text())
    assert [hit["position"] for hit in told["hits"]] == played
    again = [hit.position for hit in engine.transcribe(path).hits]
    tail = half * 512 - RATE // 4  # what is cut short at the end of the file is heard otherwise there
    assert [position for position in again if position < tail] == [position for position in played if position < tail]


def test_a_take_that_ends_with_its_stream_is_told(client, loop, tmp_path):
    player = Player(client)
    client.send("take/start", 500, player.stream_id, str(tmp_path))
    assert client.receive() == message("done", 500)
    player.play(cut(loop[:, None], 512))
    client.send("stream/close", 501, player.stream_id)
    answers = [client.receive()]
    while answers[-1].address != ENDED:
        answers.append(client.receive())
    req, path, code, text = answers[-1].arguments
    assert (req, code, text) == (500, "", "")
    assert soundfile.info(path).frames == len(loop)


@pytest.mark.parametrize(
    ("name", "arguments", "code"),
    [
        ("take/start", (99, "/tmp"), "stream.not_found"),
        ("take/stop", (99,), "take.not_found"),
        ("take/start", (None, "takes"), "take.folder"),
        ("take/start", (None, "/no/such/folder"), "take.folder"),
        ("take/start", (None, ""), "audio.path"),
        ("take/stop", (None,), "take.not_found"),
    ],
)
def test_what_cannot_be_recorded_is_told(client, name, arguments, code):
    player = Player(client)
    fail = player.ask(name, *(player.stream_id if value is None else value for value in arguments))[-1]
    assert fail.address == ENDS[1]
    assert fail.arguments[1] == code
