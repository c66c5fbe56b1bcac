"""Without PortAudio there is one clear line; with it, inputs are what PortAudio says."""

import sys

import pytest

from drumbridge.audio import capture
from drumbridge.audio.devices import InputDevice, check_channels, find_input, parse_channels
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


DEVICES = [
    InputDevice(0, "Microphone (Scarlett 2i2 USB)", "MME", 2, 44100, True),
    InputDevice(3, "Microphone (Scarlett 2i2 USB)", "Windows WASAPI", 2, 48000, False),
    InputDevice(5, "Focusrite USB ASIO", "ASIO", 18, 48000, False),
    InputDevice(7, "Line in", "ALSA", 2, 48000, False),
    InputDevice(8, "line in", "ALSA", 2, 48000, False),
]


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (None, 3),
        ("", 3),
        (5, 5),
        (0, 0),
        ("focusrite", 5),
        ("microphone (scarlett 2i2 usb)", 3),
        ("scarlett", 3),
        ("scarlett 2i2 usb), mme", 0),
        ("ASIO", 5),
    ],
)
def test_a_device_is_found_by_index_name_or_part(wanted, index):
    assert find_input(DEVICES, wanted).index == index


@pytest.mark.parametrize(
    ("devices", "wanted", "code", "match"),
    [
        ([], None, "device.none", "connect one"),
        (DEVICES, 4, "device.not_found", "index 4; there are: 0 Microphone"),
        (DEVICES, "tape", "device.not_found", "'tape'; there are: .*5 Focusrite USB ASIO, ASIO"),
        (DEVICES, "LINE IN", "device.ambiguous", "7 Line in, ALSA; 8 line in, ALSA"),
    ],
)
def test_a_device_that_is_not_found_is_said_with_those_that_are(devices, wanted, code, match):
    with pytest.raises(ServerError, match=match) as caught:
        find_input(devices, wanted)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("text", "channels"), [(0, ()), ("", ()), ("0", ()), (3, (3,)), ("3", (3,)), ("1+2", (1, 2)), ("4,2", (4, 2))]
)
def test_channels_are_read(text, channels):
    assert parse_channels(text) == channels


@pytest.mark.parametrize("text", ["left", "-1", -1, "1+", "2+2", 1.5, "0+1"])
def test_what_is_no_channel_is_refused(text):
    with pytest.raises(ServerError, match="from 1, or several as 1"):
        parse_channels(text)


def test_the_first_two_channels_are_heard_unless_others_are_asked_for():
    assert check_channels(DEVICES[2], ()) == (1, 2)
    assert check_channels(DEVICES[2], (18, 3)) == (18, 3)
    with pytest.raises(ServerError, match="no channel 19: its channels are 1 to 18"):
        check_channels(DEVICES[2], (19,))
    assert check_channels(InputDevice(0, "one", "ALSA", 1, 44100, True), ()) == (1,)


def test_a_driver_that_hangs_or_crashes_is_one_clear_error(monkeypatch):
    for start, match in (("import time; time.sleep(99)", "did not answer"), ("import os; os._exit(9)", "crashed")):
        monkeypatch.setattr(capture, "_START", start)
        monkeypatch.setattr(capture, "_ANSWERS_WITHIN_S", 0.5 if "sleep" in start else 30.0)
        with pytest.raises(ServerError, match=match) as caught:
            capture.PortAudioInputs().inputs()
        assert caught.value.code == "device.stuck"
