"""The language of find: ``label:snare confidence>0.8 duration<0.5 like:"/my drums/a.wav"``.

Conventions: terms stand between blanks and must all hold; a name or a path goes on to the next term, or stands in
quotes. A text field takes ``:`` (is one of these, commas between) or ``!=`` (is none of these), a number
``<  <=  >  >=  =``. Labels of a user's own are known to the library alone, so whoever reads a query is told them.
Everything else is an error that names the term: a word that was misspelt must not find everything.
Pure: no file, no database.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import Any, Final, NamedTuple

from drumbridge.core.events import KINDS
from drumbridge.core.labels import BY_NAME, GROUPS, UNSURE
from drumbridge.core.own_labels import label_key
from drumbridge.errors import LibraryError

IS: Final = ":"
IS_NOT: Final = "!="
_COMPARISONS = ("<=", ">=", "<", ">", "=")

# Number fields: name to column and unit.
NUMBERS: Final[dict[str, tuple[str, str]]] = {
    "confidence": ("confidence", "0..1"),
    "duration": ("duration_s", "seconds"),
    "velocity": ("velocity", "1..127"),
    "level": ("level_db", "dBFS"),
    "rate": ("sample_rate", "Hz"),
    "hits": ("n_hits", "of a loop"),
    "size": ("size", "bytes"),
}
_STATES = ("corrected", "personal", "unsure", "failed", "vanished")
# Text fields with a choice of values.
CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "label": (*BY_NAME, UNSURE),
    "group": (*GROUPS, UNSURE),
    "kind": KINDS,
    "is": _STATES,
    "with": tuple(BY_NAME),
}
# Text fields with any value: "name" in the name of the file, "path" anywhere in its path, "below" a folder.
TEXTS: Final = ("name", "path", "below", "like")
FIELDS: Final = (*CHOICES, *NUMBERS, *TEXTS)
_OF_LABELS = ("label", "group", "with")

OwnLabels = Callable[[], Iterable[str]]

_TERM = re.compile(r"([A-Za-z_]+)\s*(<=|>=|!=|<|>|=|:)(.*)", re.DOTALL)


class Term(NamedTuple):
    """One condition.

    Attributes
    ----------
    field, operator : str
    values : tuple of str or of one float
    """

    field: str
    operator: str
    values: tuple[Any, ...]

    def __str__(self) -> str:
        written = [f"{value:g}" if isinstance(value, float) else label_key(value) for value in self.values]
        if self.field in TEXTS:
            quote = "'" if '"' in self.values[0] else '"'
            return f"{self.field}{self.operator}{quote}{self.values[0]}{quote}"
        return f"{self.field}{self.operator}{','.join(written)}"


def parse_query(text: str, own_labels: OwnLabels = tuple) -> tuple[Term, ...]:
    """Return the terms of a query.

    Parameters
    ----------
    text : str
    own_labels : callable, optional
        Returns the labels that are not in the table; called when a query names a label that is not.

    Raises
    ------
    LibraryError
        ``library.query``: names the term and what would be right.
    """
    terms = tuple(parse_term(word, own_labels) for word in _joined(_words(text)))
    if sum(term.field == "like" for term in terms) > 1:
        raise _wrong("like: can stand in a query once: sounds are ordered by how near they are to one")
    return terms


def parse_term(text: str, own_labels: OwnLabels = tuple) -> Term:
    """Return one term, of which the value needs no quotes; see `parse_query`.

    Raises
    ------
    LibraryError
        ``library.query``.
    """
    match = _TERM.fullmatch(text)
    if match is None:
        raise _wrong(f"{text!r} is no condition: write a field, then : or < or >, then a value, as in label:snare")
    field, operator, value = match[1].lower(), match[2], _unquoted(match[3])
    if field not in FIELDS:
        raise _wrong(f"there is no field {field!r}{_close(field, FIELDS)}; there are {', '.join(FIELDS)}")
    if not value:
        raise _wrong(f"{field} needs a value after {operator}")
    if field in NUMBERS:
        return Term(field, operator, (_number(field, operator, value),))
    if operator not in (IS, IS_NOT):
        raise _wrong(f"{field} takes : or !=, not {operator}")
    if field == "like" and operator == IS_NOT:
        raise _wrong("like takes : only")
    if field in TEXTS:
        return Term(field, operator, (value,))
    return Term(field, operator, tuple(_choice(field, part, own_labels) for part in value.split(",")))


def _choice(field: str, part: str, own_labels: OwnLabels) -> str:
    """Return one of the values that a field can have."""
    value = label_key(part)
    if value in CHOICES[field]:
        return value
    own = tuple(own_labels()) if field in _OF_LABELS else ()
    for label in own:
        if value == label_key(label):
            return label
    raise _wrong(f"there is no {field} {part.strip().lower()!r}{_close(value, (*CHOICES[field], *own))}")


def _number(field: str, operator: str, value: str) -> float:
    unit = NUMBERS[field][1]
    if operator not in _COMPARISONS:
        raise _wrong(f"{field} is a number ({unit}): it takes < <= > >= or =, not {operator}")
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise _wrong(f"{field} is a number ({unit}), not {value!r}")
    return number


def _words(text: str) -> list[str]:
    """Split at blanks that are not in quotes; a quote that opens must close."""
    words, word, quote = [], "", ""
    for character in text:
        if quote:
            quote = "" if character == quote else quote
            word += character
        elif character in "\"'" and word[-1:] in (":", "="):  # inside a word it is an apostrophe
            quote = character
            word += character
        elif character.isspace():
            words.append(word)
            word = ""
        else:
            word += character
    if quote:
        raise _wrong(f"a quote {quote} is opened and not closed")
    return [word for word in [*words, word] if word]


def _joined(words: list[str]) -> list[str]:
    """Return the words of terms: what is none of its own goes on with the name or path before it, blanks and all."""
    joined: list[str] = []
    open_text = False
    for word in words:
        match = _TERM.fullmatch(word)
        if open_text and match is None:
            joined[-1] += f" {word}"
            continue
        open_text = match is not None and match[1].lower() in TEXTS and match[3][:1] not in "\"'"
        joined.append(word)
    return joined


def _unquoted(value: str) -> str:
    value = value.strip()
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    return value


def _close(word: str, choices: tuple[str, ...]) -> str:
    close = get_close_matches(word, choices, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _wrong(message: str) -> LibraryError:
    return LibraryError(
        "library.query", f"This query cannot be read: {message.rstrip('?')}{'?' if message[-1] == '?' else '.'}"
    )
