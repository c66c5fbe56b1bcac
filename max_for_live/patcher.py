"""From the tables of a device to the patcher that Max reads.

Conventions: an `Object` is a box that only wires, a `Control` one that is seen. Wires are lines of text,
``source outlet > target inlet``. A control that `sends` a message gets the objects for it by itself: a button
``trigger b`` and a message box, everything else a ``prepend``; they lead to the box named ``js``. Rectangles are
integers (x, y, width, height) within the strip, whose height is 169.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final, NamedTuple

from .objects import UI, Ports, ports

STRIP_HEIGHT: Final = 169
AUTOMATED, STORED, HIDDEN = 0, 1, 2  # parameter_invisible
_KINDS = {"float": 0, "int": 1, "enum": 2, "blob": 3}
_CREATED = {b"aaaa": 3590052493, b"mmmm": 3590052786}  # of Ableton's own template
_FONT = "Ableton Sans Medium"


class Object(NamedTuple):
    """A box that only wires: `text` is what one would type into it."""

    name: str
    text: str
    outlets: int = 1  # of a js
    attributes: dict[str, Any] = {}  # noqa: RUF012 (never changed)


class Control(NamedTuple):
    """A box that is seen.

    `long_name` makes it a parameter; `info` is shown in Live's info view; `sends` is the message that leads to js.
    """

    name: str
    kind: str
    rect: tuple[int, int, int, int]
    text: str = ""
    info: str = ""
    long_name: str = ""
    visible: int = HIDDEN
    sends: str = ""
    values: tuple[str, ...] = ()
    range: tuple[float, float] = (0, 1)
    initial: float | None = None
    unit: int = 0
    attributes: dict[str, Any] = {}  # noqa: RUF012 (never changed)


def patcher(kind: bytes, width: int, objects: tuple[Object, ...], controls: tuple[Control, ...], wires: str) -> dict:
    """Return the patcher of a device.

    Raises
    ------
    ValueError
        A wire names a box, inlet or outlet that is not there, or two boxes have one name.
    """
    objects, wires = _with_senders(objects, controls, wires)
    boxes: dict[str, dict[str, Any]] = {}
    shapes: dict[str, Ports] = {}
    for k, one in enumerate([*objects, *controls]):
        if one.name in boxes:
            raise ValueError(f"two boxes are called {one.name}")
        box, shape = _object(one) if isinstance(one, Object) else _control(one)
        place = [20.0 + 190 * (k % 6), 20.0 + 34 * (k // 6), 180.0, 22.0]
        ins_outs = {"numinlets": shape.inlets, "numoutlets": len(shape.outlets), "outlettype": list(shape.outlets)}
        if not shape.outlets:
            del ins_outs["outlettype"]
        boxes[one.name] = {"id": f"obj-{k + 1}", **box, **ins_outs, "patching_rect": place}
        shapes[one.name] = shape
    return _head(kind, width) | {
        "boxes": [{"box": box} for box in boxes.values()],
        "lines": [_line(text, boxes, shapes) for text in wires.split("\n") if text.strip()],
        "parameters": _parameters(boxes),
    }


def _with_senders(
    objects: tuple[Object, ...], controls: tuple[Control, ...], wires: str
) -> tuple[tuple[Object, ...], str]:
    more: list[Object] = []
    lines = [wires]
    for control in controls:
        if not control.sends:
            continue
        if control.kind == "button":
            more += [
                Object(f"{control.name}_bang", "trigger b"),
                Object(f"{control.name}_message", f"message {control.sends}"),
            ]
            chain = (control.name, f"{control.name}_bang", f"{control.name}_message", "js")
        else:
            more.append(Object(f"{control.name}_prepend", f"prepend {control.sends}"))
            chain = (control.name, f"{control.name}_prepend", "js")
        lines += [f"{source} 0 > {target} 0" for source, target in pairwise(chain)]
    return (*objects, *more), "\n".join(lines)


def _object(one: Object) -> tuple[dict[str, Any], Ports]:
    name, _, rest = one.text.partition(" ")
    if name in UI:
        return {"maxclass": name, "text": rest, **one.attributes}, ports(name)
    return {"maxclass": "newobj", "text": one.text, **one.attributes}, ports(one.text, one.outlets)


_CLASSES = {"button": "live.text", "toggle": "live.text", "menu": "live.menu", "number": "live.numbox",
            "label": "live.comment", "list": "umenu", "swatch": "panel", "meter": "live.meter~",
            "line": "live.line", "lcd": "panel"}  # fmt: skip

# Attributes that take a colour of Live's theme, by class of box.
_THEME = {
    "live.comment": {"textcolor": "themecolor.live_control_fg"},
    "umenu": {"bgfillcolor": "themecolor.live_control_bg", "textcolor": "themecolor.live_control_fg"},
}


def _control(one: Control) -> tuple[dict[str, Any], Ports]:
    class_ = _CLASSES[one.kind]
    box: dict[str, Any] = {"maxclass": class_, "varname": one.name}
    box |= {"presentation": 1, "presentation_rect": list(one.rect)}
    saved: dict[str, Any] = {name: {"expression": expression} for name, expression in _THEME.get(class_, {}).items()}
    if one.kind == "label":
        box |= {"text": one.text, "fontname": _FONT, "fontsize": 10.0, "textjustification": 0}
    elif one.kind in ("button", "toggle"):
        box |= {"text": one.text, "texton": one.text, "mode": 0 if one.kind == "button" else 1}
    elif one.kind == "list":
        box |= {"items": "-", "fontname": _FONT, "fontsize": 10.0, "parameter_enable": 0}
    elif one.kind in ("swatch", "lcd"):
        box |= {"mode": 0, "rounded": 2, "ignoreclick": 1}
        if one.kind == "lcd":
            box |= {"background": 1}
            saved["bgfillcolor"] = {"expression": "themecolor.live_lcd_bg"}
    elif one.kind == "meter":
        box |= {"orientation": 1}  # lying
    if one.info:
        box |= {"annotation": one.info, "annotation_name": one.long_name or one.text or one.name}
    if one.long_name:
        box["parameter_enable"] = 1
        saved["valueof"] = _value_of(one)
    if saved:
        box["saved_attribute_attributes"] = saved
    return {**box, **one.attributes}, ports(class_)


def _value_of(one: Control) -> dict[str, Any]:
    enum = {"button": ("off", "on"), "toggle": ("off", "on"), "menu": one.values}.get(one.kind)
    value: dict[str, Any] = {
        "parameter_longname": one.long_name,
        "parameter_shortname": one.long_name[:20],
        "parameter_type": _KINDS["enum" if enum else "int" if one.unit != 1 else "float"],
        "parameter_invisible": one.visible,
        "parameter_modmode": 0,
        "parameter_info": one.info,
        "parameter_annotation_name": one.long_name,
    }
    if enum:
        value |= {"parameter_enum": list(enum), "parameter_mmax": len(enum) - 1}
    else:
        value |= {"parameter_mmin": one.range[0], "parameter_mmax": one.range[1], "parameter_unitstyle": one.unit}
    if one.initial is not None:
        value |= {"parameter_initial": [one.initial], "parameter_initial_enable": 1}
    return value


def _line(text: str, boxes: dict[str, dict[str, Any]], shapes: dict[str, Ports]) -> dict[str, Any]:
    source, outlet, arrow, target, inlet = text.split()
    if arrow != ">" or source not in boxes or target not in boxes:
        raise ValueError(f"no such wire: {text.strip()}")
    if int(outlet) >= len(shapes[source].outlets) or int(inlet) >= shapes[target].inlets:
        raise ValueError(f"no such inlet or outlet: {text.strip()}")
    ends = {"source": [boxes[source]["id"], int(outlet)], "destination": [boxes[target]["id"], int(inlet)]}
    return {"patchline": ends}


def _parameters(boxes: dict[str, dict[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    automated = []
    for box in boxes.values():
        value = box.get("saved_attribute_attributes", {}).get("valueof")
        if value:
            found[box["id"]] = [value["parameter_longname"], value["parameter_shortname"], 0]
            if value["parameter_invisible"] == AUTOMATED:
                automated.append(value["parameter_longname"])
    bank = {"index": 0, "name": "", "parameters": (automated + ["-"] * 8)[:8]}
    return found | {"parameterbanks": {"0": bank}, "inherited_shortname": 1}


def _head(kind: bytes, width: int) -> dict[str, Any]:
    project = {
        "version": 1, "creationdate": _CREATED[kind], "modificationdate": _CREATED[kind],
        "viewrect": [0.0, 0.0, 300.0, 500.0], "autoorganize": 1, "hideprojectwindow": 1, "showdependencies": 1,
        "autolocalize": 0, "contents": {"patchers": {}}, "layout": {}, "searchpath": {}, "detailsvisible": 0,
        "amxdtype": int.from_bytes(kind, "big"), "readonly": 0, "devpathtype": 0, "devpath": ".", "sortmode": 0,
        "viewmode": 0, "includepackages": 0,
    }  # fmt: skip
    version = {"major": 8, "minor": 5, "revision": 4, "architecture": "x64", "modernui": 1}
    return {
        "fileversion": 1, "appversion": version, "classnamespace": "box", "rect": [60.0, 90.0, 1240.0, 760.0],
        "openrect": [0.0, 0.0, 0.0, float(STRIP_HEIGHT)], "openinpresentation": 1, "default_fontsize": 10.0,
        "default_fontface": 0, "default_fontname": _FONT, "gridsize": [8.0, 8.0], "boxanimatetime": 200,
        "devicewidth": float(width), "minimum_live_version": "11.3", "minimum_max_version": "8.5",
        "platform_compatibility": 0, "project": project, "autosave": 0, "latency": 0, "is_mpe": 0,
    }  # fmt: skip
