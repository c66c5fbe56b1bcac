"""docs/live.md names everything that the devices can say."""

from pathlib import Path

from max_for_live.build import DEVICES, MESSAGES, ROOT

PAGE = (ROOT.parent / "docs" / "live.md").read_text(encoding="utf-8")
ROWS = [line.split("|")[1].strip() for line in PAGE.splitlines() if line.startswith("| ")]


def test_every_message_of_the_devices_has_its_row():
    missing = [text for text in MESSAGES.values() if text.replace("#", "N") not in ROWS]
    assert not missing


def test_the_page_explains_nothing_that_is_never_said():
    assert set(ROWS) - {"the strip says"} == {text.replace("#", "N") for text in MESSAGES.values()}


def test_every_button_that_the_page_names_is_there():
    texts = {control.text for device in DEVICES for control in device.CONTROLS}
    for name in ("Colour clips", "Undo", "Dry run", "Take from clip", "To MIDI clip", "Slice Simpler", "Listen"):
        assert name in texts
        assert f"**{name}**" in PAGE
    assert all(Path(ROOT.parent / "docs" / f"images/{name}.png").exists() for name in ("drumbridge", "drumbridge-pads"))
