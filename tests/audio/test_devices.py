"""Without PortAudio there is one clear line; with it, inputs are what PortAudio says."""

import sys

import pytest

from drumbridge.audio.port_audio import input_devices
from drumbridge.errors import ServerError


def test_without_the_library_it_says_what_to_install(monkeypatch):
    class Finder:
        """Fails as sounddevice does where the library is missing."""

        def find_spec(self, name, path=None, target=None):
            if name == "sounddevice":
                raise OSError("PortAudio library not found")

    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Finder(), *sys.meta_path])
    monkeypatch.setattr(sys, "platform", "linux")
    with pytest.raises(ServerError, match="apt-get install libportaudio2") as caught:
        input_devices()
    assert caught.value.code == "device.no_portaudio"
    assert "\n" not in str(caught.value)


def test_only_inputs_are_listed(monkeypatch):
    try:
        import sounddevice
    except OSError:
        pytest.skip("the PortAudio library is not installed")
    monkeypatch.setattr(sounddevice, "query_hostapis", lambda: ({"name": "ALSA"},))
    monkeypatch.setattr(
        sounddevice,
        "query_devices",
        lambda: [
            {"name": "Speakers", "hostapi": 0, "max_input_channels": 0, "default_samplerate": 44100.0},
            {"name": "Interface", "hostapi": 0, "max_input_channels": 8, "default_samplerate": 48000.0},
        ],
    )
    (device,) = input_devices()
    assert (device.index, device.name, device.host, device.channels, device.sample_rate) == (
        1, "Interface", "ALSA", 8, 48000,
    )  # fmt: skip
