"""The rows of the table of addresses that belong to settings and profiles.

Conventions: as for `drumbridge.osc.addresses`. The settings themselves stand in `drumbridge.core.settings_table`.
"""

from __future__ import annotations

from typing import Final

from drumbridge.osc.rows import PREFIX, REQ, Argument, Reply, Request

SETTINGS_LIST: Final = PREFIX + "settings/list"
SETTINGS_SET: Final = PREFIX + "settings/set"
SETTINGS_GET: Final = PREFIX + "settings/get"
SETTINGS_RESET: Final = PREFIX + "settings/reset"
SETTINGS_USE: Final = PREFIX + "settings/use"
SETTINGS_PROFILES: Final = PREFIX + "settings/profiles"
SETTINGS_ROW: Final = PREFIX + "settings/row"
SETTINGS_VALUE: Final = PREFIX + "settings/value"
SETTINGS_PROFILE: Final = PREFIX + "settings/profile"

PROFILE: Final = Argument(
    "profile", "s", 'name of a profile; "" is the server\'s own, "default" unless it was started otherwise'
)
_NAME = Argument("name", "s", "of a setting")

SETTINGS_REQUESTS: Final[tuple[Request, ...]] = (
    Request(
        SETTINGS_LIST,
        (REQ,),
        "Asks which settings there are.",
        done=(Argument("n", "i", "how many"),),
        replies=(SETTINGS_ROW,),
    ),
    Request(
        SETTINGS_SET,
        (REQ, PROFILE, _NAME, Argument("value", "v", "a number or a word, see Settings")),
        "Chooses a setting of a profile and stores it; a new name makes a new profile. Open streams of that profile "
        "change at once, without forgetting what they heard; early_ms holds for those opened later.",
    ),
    Request(
        SETTINGS_GET,
        (REQ, PROFILE, _NAME._replace(optional=True)),
        "Asks for the value of a setting, or of all; of one label those that were chosen.",
        replies=(SETTINGS_VALUE,),
    ),
    Request(
        SETTINGS_RESET,
        (REQ, PROFILE, _NAME._replace(optional=True)),
        "Takes a setting back to its default, or all of them: the profile is no longer stored then.",
    ),
    Request(
        SETTINGS_USE,
        (REQ, PROFILE),
        "Gives this client's streams the settings of a profile: those that are open, and those that it opens later "
        "without naming another.",
    ),
    Request(
        SETTINGS_PROFILES, (REQ,), "Asks which profiles are stored.", replies=(SETTINGS_PROFILE,)
    ),
)  # fmt: skip

SETTINGS_REPLIES: Final[tuple[Reply, ...]] = (
    Reply(
        SETTINGS_ROW,
        (
            REQ,
            _NAME,
            Argument("type", "s", "i, f or s"),
            Argument("default", "v", "what holds where nobody chose"),
            Argument("range", "s", "what it may be: lowest to highest and the unit, or the words"),
            Argument("text", "s", "what it is for"),
        ),
        "One setting.",
    ),
    Reply(
        SETTINGS_VALUE,
        (REQ,),
        "Settings with their values.",
        (_NAME, Argument("value", "v", "")),
    ),
    Reply(SETTINGS_PROFILE, (REQ,), "Names of profiles.", (Argument("profile", "s", ""),)),
)

SETTINGS_CODES: Final[dict[str, str]] = {
    "settings.no_profile": "No profile of that name is stored.",
    "settings.profile_file": "The file of a profile cannot be understood, read or written; it was left as it is.",
}
