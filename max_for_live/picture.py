"""A picture of a device's strip: its presentation rectangles, plainly drawn, as PNG.

Conventions: standard library only, so text is a dot matrix of seven dots height. It shows what stands where and how it
reads; Live draws it smoother and in the colours of its theme.
"""

from __future__ import annotations

import struct
import zlib
from typing import Final

from drumbridge.core.labels import LABELS

from .patcher import STRIP_HEIGHT, Control

_SCALE: Final = 2  # dots of the picture for one of the strip
Colour = tuple[int, int, int]

_BACKGROUND, _FACE, _TEXT = (198, 198, 198), (226, 226, 226), (24, 24, 24)
_BORDER, _ON, _LCD, _LCD_TEXT = (120, 120, 120), (255, 176, 46), (42, 42, 42), (230, 230, 230)

# Columns of each glyph from left to right, bit 0 on top.
_GLYPHS: Final = {
    "%": "2313086462", "'": "0503", "(": "1c2241", ")": "41221c", "+": "08083e0808", "-": "080808", ".": "6060",
    "/": "2010080402", ":": "3636", "?": "0201510906", "0": "3e5149453e", "1": "427f40", "2": "4261514946",
    "3": "2141454b31", "4": "1814127f10", "5": "2745454539", "6": "3c4a494930", "7": "0171090503", "8": "3649494936",
    "9": "064949291e", "A": "7e1111117e", "B": "7f49494936", "C": "3e41414122", "D": "7f4141221c", "E": "7f49494941",
    "F": "7f09090101", "G": "3e41415132", "H": "7f0808087f", "I": "417f41", "J": "2040413f01", "K": "7f08142241",
    "L": "7f40404040", "M": "7f0204027f", "N": "7f0408107f", "O": "3e4141413e", "P": "7f09090906", "Q": "3e4151215e",
    "R": "7f09192946", "S": "4649494931", "T": "01017f0101", "U": "3f4040403f", "V": "1f2040201f", "W": "7f2018207f",
    "X": "6314081463", "Y": "0304780403", "Z": "6151494543", "a": "2054545478", "b": "7f48444438", "c": "3844444420",
    "d": "384444487f", "e": "3854545418", "f": "087e090102", "g": "081454543c", "h": "7f08040478", "i": "447d40",
    "j": "2040443d", "k": "7f102844", "l": "417f40", "m": "7c04180478", "n": "7c08040478", "o": "3844444438",
    "p": "7c14141408", "q": "081414187c", "r": "7c08040408", "s": "4854545420", "t": "043f444020", "u": "3c4040207c",
    "v": "1c2040201c", "w": "3c4030403c", "x": "4428102844", "y": "0c5050503c", "z": "4464544c44", " ": "0000",
}  # fmt: skip


class _Canvas:
    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._rows = [bytearray(bytes(_BACKGROUND) * width) for _ in range(height)]

    def fill(self, x: int, y: int, width: int, height: int, colour: Colour) -> None:
        first, last = max(0, x), min(self.width, x + width)
        for row in self._rows[max(0, y) : max(0, y + height)]:
            row[3 * first : 3 * last] = bytes(colour) * (last - first)

    def frame(self, x: int, y: int, width: int, height: int, face: Colour, border: Colour) -> None:
        self.fill(x, y, width, height, border)
        self.fill(x + 1, y + 1, width - 2, height - 2, face)

    def text(self, x: int, y: int, text: str, colour: Colour, right: int) -> None:
        """Write from (x, y) on; what reaches behind `right` is left out."""
        for character in text:
            columns = bytes.fromhex(_GLYPHS.get(character, _GLYPHS["?"]))
            if x + _SCALE * len(columns) > right:
                return
            for k, column in enumerate(columns):
                for bit in range(7):
                    if column >> bit & 1:
                        self.fill(x + _SCALE * k, y + _SCALE * bit, _SCALE, _SCALE, colour)
            x += _SCALE * (len(columns) + 1)

    def png(self) -> bytes:
        head = struct.pack(">IIBBBBB", self.width, self.height, 8, 2, 0, 0, 0)
        rows = b"".join(b"\0" + bytes(row) for row in self._rows)
        return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(rows, 9)) + _chunk(b"IEND")


def strip_png(width: int, controls: tuple[Control, ...]) -> bytes:
    """Return the picture of a strip of `width`, drawn from its controls in their order."""
    canvas = _Canvas(_SCALE * width, _SCALE * STRIP_HEIGHT)
    for control in sorted(controls, key=lambda one: one.kind != "lcd"):  # what lies behind first
        _draw(canvas, control)
    return canvas.png()


_CLIPS: Final = ("kick", "snare", "closed_hat", "open_hat", "clap", "tom_low", "ride", "shaker")


def clips_png() -> bytes:
    """Return a drawing of a track's clips before and after they were coloured."""
    row, width, gap = 18, 150, 10
    canvas = _Canvas(_SCALE * (2 * width + 3 * gap), _SCALE * (row * (len(_CLIPS) + 1) + gap))
    by_name = {label.name: label for label in LABELS}
    for side, title in enumerate(("before", "after")):
        x = _SCALE * (gap + side * (width + gap))
        canvas.text(x, _SCALE * 6, title, _TEXT, x + _SCALE * width)
        for k, name in enumerate(_CLIPS):
            y = _SCALE * (row * (k + 1) + 2)
            value = by_name[name].colour if side else 0xA8A8A8
            face = (value >> 16, value >> 8 & 255, value & 255)
            text = name.replace("_", " ") if side else f"take 3 bounce-{k + 1:02}"
            canvas.frame(x, y, _SCALE * width, _SCALE * (row - 2), face, _BORDER)
            canvas.text(x + 4 * _SCALE, y + 9, text, _TEXT, x + _SCALE * width)
    return canvas.png()


def text_width(text: str) -> int:
    """Return how many dots of the strip a text takes."""
    return sum(len(_GLYPHS.get(character, _GLYPHS["?"])) // 2 + 1 for character in text)


def shown_text(control: Control) -> str:
    """Return what a control reads when it has just been loaded."""
    if control.kind == "menu":
        return control.values[int(control.initial or 0)]
    if control.kind == "number":
        return f"{control.initial or 0:g}" + (" %" if control.unit == 5 else "")
    if control.kind == "list":
        return "1-MIDI"
    return control.text


def _draw(canvas: _Canvas, control: Control) -> None:
    x, y, width, height = (_SCALE * value for value in control.rect)
    right, text = x + width, shown_text(control)
    middle = y + (height - 7 * _SCALE) // 2
    if control.kind == "label":
        on_lcd = control.name == "status"
        canvas.text(x + 2 * _SCALE, middle, text, _LCD_TEXT if on_lcd else _TEXT, right)
    elif control.kind in ("button", "toggle"):
        on = control.kind == "toggle" and control.initial
        canvas.frame(x, y, width, height, _ON if on else _FACE, _BORDER)
        canvas.text(x + max(4, (width - _SCALE * text_width(text)) // 2), middle, text, _TEXT, right)
    elif control.kind in ("menu", "list", "number"):
        canvas.frame(x, y, width, height, _FACE, _BORDER)
        canvas.text(x + 3 * _SCALE, middle, text, _TEXT, right - 2)
        if control.kind != "number" and not control.attributes.get("ignoreclick"):
            for k in range(4):
                canvas.fill(right - 16 + k, y + height // 2 - 3 + k, 8 - 2 * k, 1, _TEXT)
    elif control.kind == "swatch":
        value = LABELS[0].colour
        canvas.frame(x, y, width, height, (value >> 16, value >> 8 & 255, value & 255), _BORDER)
    elif control.kind == "meter":
        canvas.frame(x, y, width, height, _LCD, _BORDER)
        canvas.fill(x + 1, y + 1, 5 * width // 8, height - 2, (92, 190, 92))
    elif control.kind == "lcd":
        canvas.frame(x, y, width, height, _LCD, _BORDER)
    else:
        canvas.fill(x, y, _SCALE // 2, height, _BORDER)


def _chunk(tag: bytes, data: bytes = b"") -> bytes:
    return struct.pack(">I", len(data)) + tag + data + struct.pack(">I", zlib.crc32(tag + data))
