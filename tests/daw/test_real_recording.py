"""A real recording by each way, with the shipped model: the final hits are those of the file."""

import soundfile
from heard import DEADLINE_S, settings_10, streams_heard
from test_jmtx_server import Max
from test_reastream_receiver import Clock, Rea

from drumbridge.daw.jmtx_server import JmtxServer
from drumbridge.daw.reastream_receiver import ReaStreamReceiver
from drumbridge.engine.engine import Engine

SECONDS = 20


def test_a_recording_is_heard_live_as_in_the_file(data_dir, tmp_path):
    recordings = sorted((data_dir / "recordings" / "mdb").glob("*.flac"))
    audio, rate = soundfile.read(recordings[0], dtype="float32", always_2d=True)
    audio = audio[: SECONDS * rate]
    soundfile.write(tmp_path / "take.wav", audio, rate, subtype="FLOAT")
    engine = Engine()
    expected = [
        (hit.position, [label.label for label in hit.labels], hit.velocity)
        for hit in engine.transcribe(tmp_path / "take.wav").hits
    ]
    assert len(expected) > 20
    streams, heard = streams_heard(engine.load_model())
    server = JmtxServer(streams, "127.0.0.1", 0, rate, settings_10)
    receiver = ReaStreamReceiver(streams, "127.0.0.1", 0, settings_10, clock=Clock())
    sender, rea = Max(server), Rea(receiver, streams)
    sender.play(audio, 512)
    rea.play(audio, 512, rate)
    assert server.close(DEADLINE_S)
    assert receiver.close(DEADLINE_S)
    heard.wait_over(2)
    for name in (sender.name, rea.name):
        finals = [hit for hit in heard.hits[name] if hit.stage == 1]
        found = [(hit.position, [label.label for label in hit.labels], hit.velocity) for hit in finals]
        assert found == expected
    assert heard.gaps == {}
    sender.close()
    rea.close()
