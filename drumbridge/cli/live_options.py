"""Options for live settings and profiles, made from the table of settings, for every verb that listens.

Conventions: what is given on the command line holds for this run and is never stored; over OSC it can be changed and
stored. ``--retrigger-ms`` takes ``MS`` for all labels or ``LABEL=MS`` for one, and may be given several times.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from drumbridge.core.settings_table import SETTINGS, Setting, Value, check_setting, default_values

if TYPE_CHECKING:
    from drumbridge.core.transcriber_settings import TranscriberSettings
    from drumbridge.engine.live_profiles import LiveProfiles

_EARLY = "early_ms"
_RETRIGGER = "retrigger_ms"


def add_live_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of all live settings, and of the profile that they are taken from."""
    _add(parser, "", "default: the one called default")


def add_hit_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the settings that make sense for a file: all but what says when a hit is told."""
    _add(parser, _EARLY, "default: none")


def live_settings(args: argparse.Namespace) -> TranscriberSettings:
    """Return what the options of `add_live_arguments` ask for.

    Raises
    ------
    SettingsError
        A value is out of its range, or there is no such profile, or it cannot be read.
    """
    return live_profiles(args).settings("")


def live_profiles(args: argparse.Namespace) -> LiveProfiles:
    """Return the profiles that the options of `add_live_arguments` ask for, the one they name as the default.

    Raises
    ------
    SettingsError
        As `live_settings`; a profile that was not named is not looked at.
    """
    from drumbridge.engine.live_profiles import LiveProfiles
    from drumbridge.formats.profiles import ProfileStore

    profiles = LiveProfiles(ProfileStore(args.profiles), default=args.profile or "", overrides=_given(args))
    if args.profile:
        profiles.values("")
    return profiles


def hit_settings(args: argparse.Namespace, *, after_ms: float | None = None) -> TranscriberSettings:
    """Return what the options of `add_hit_arguments` ask for: no early hits, and no profile unless one is named.

    Raises
    ------
    SettingsError
        As `live_settings`.
    """
    from drumbridge.core.transcriber_settings import TranscriberSettings

    values = live_profiles(args).values("") if args.profile else default_values() | _given(args)
    return TranscriberSettings.of(values | {_EARLY: 0.0}, after_ms=after_ms)


def _add(parser: argparse.ArgumentParser, left_out: str, no_profile: str) -> None:
    group = parser.add_argument_group("what is heard, and how hard")
    group.add_argument("--profile", metavar="NAME", help=f"stored settings to begin with ({no_profile})")
    group.add_argument(
        "--profiles", type=Path, metavar="DIR", help="folder of profiles (default: your settings folder)"
    )
    for row in SETTINGS:
        if row.name == left_out or row.name.endswith(".LABEL"):
            continue
        option = "--" + row.name.replace("_", "-")
        default = row.default if isinstance(row.default, str) else f"{row.default:g}"
        text = f"{row.text} ({'' if row.choices else row.range + '; '}default: {default})"
        if row.name == _RETRIGGER:
            group.add_argument(option, type=_mask, action="append", metavar="[LABEL=]MS", help=text)
        elif row.choices:
            group.add_argument(option, choices=row.choices, help=text)
        else:
            group.add_argument(option, type=_number(row), metavar=row.unit.upper() or "N", help=text)


def _number(row: Setting) -> type[int] | type[float]:
    return int if row.type == "i" else float


def _mask(text: str) -> tuple[str, float]:
    label, equals, mask_ms = text.rpartition("=")
    try:
        return f"{_RETRIGGER}.{label}" if equals else _RETRIGGER, float(mask_ms)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is neither MS nor LABEL=MS, as in snare=60") from None


def _given(args: argparse.Namespace) -> dict[str, Value]:
    """Return the settings that were typed."""
    given: dict[str, object] = {}
    for row in SETTINGS:
        value = getattr(args, row.name, None)
        if row.name == _RETRIGGER:
            given.update(value or ())
        elif value is not None:
            given[row.name] = value
    return {name: check_setting(name, value) for name, value in given.items()}
