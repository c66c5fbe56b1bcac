"""`drumbridge find "label:snare confidence>0.8 like:/path.wav"`: sounds in the library.

Conventions: one argument may hold a whole query, several hold a term each, so that a shell's quotes do. With ``like:``
the nearest come first, and the last column is how similar they are. Finding nothing is no error.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .quiet import quiet_libraries

if TYPE_CHECKING:
    from drumbridge.library.search import Found, Hear
    from drumbridge.library.sounds import Sound
    from drumbridge.library.store import Library

_NEAREST = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.add_argument(
        "query", nargs="*", metavar="QUERY", help='as in "label:snare,rim duration<0.5"; all of it holds'
    )
    parser.add_argument("--library", metavar="FILE", help="the library's file (default: your own library)")
    parser.add_argument("--limit", type=int, metavar="N", help=f"at most so many (with like: {_NEAREST})")
    parser.add_argument("--paths", action="store_true", help="print paths only")
    parser.add_argument("--json", action="store_true", help="print a JSON object for each sound, one a line")
    parser.epilog = _help()
    parser.formatter_class = argparse.RawDescriptionHelpFormatter


def _help() -> str:
    from drumbridge.library.query import CHOICES, NUMBERS

    lines = ["fields with : (one of, commas between) or != (none of):"]
    lines += [f"  {field:11} {', '.join(values[:6])}{' ...' * (len(values) > 6)}" for field, values in CHOICES.items()]
    lines += ["  name, path  text in the name, in the whole path", "  below       a folder"]
    lines += ["  like        a file: sounds like it, the most similar first", "numbers with < <= > >= =:"]
    lines += [f"  {field:11} {unit}" for field, (_, unit) in NUMBERS.items()]
    return "\n".join(lines)


@quiet_libraries()
def run(args: argparse.Namespace) -> int:
    """Find, and print."""
    from drumbridge.library.location import library_path
    from drumbridge.library.store import Library

    with Library(library_path(args.library), writing=False) as library:
        found = found_by(args.query, library, args.limit)
        if args.json:
            for each in found:
                print(json.dumps(sound_to_object(each.sound, each.similarity)), flush=True)
        elif args.paths:
            for each in found:
                print(each.sound.path, flush=True)
        else:
            _print_rows(found)
    return 0


def found_by(words: list[str], library: Library, limit: int | None = None) -> Iterator[Found]:
    """Yield what a query finds, given as the arguments of a command.

    Raises
    ------
    LibraryError, SettingsError
        ``library.query``, ``settings.limit``.
    """
    from drumbridge.errors import SettingsError
    from drumbridge.library.search import find_sounds, terms_for

    if limit is not None and limit < 1:
        raise SettingsError("settings.limit", f"The limit must be at least 1, not {limit}.")
    terms = terms_for(library, words[0] if len(words) == 1 else words)
    if limit is None and any(term.field == "like" for term in terms):
        limit = _NEAREST
    return find_sounds(library, terms, limit=limit, hear=_hearing(library))


def _hearing(library: Library) -> Hear:
    """Return what hears a file that the library does not know with the model that most of it was heard with."""

    def hear(path: str) -> tuple[bytes, int]:
        from drumbridge.engine.scan import hear_like

        return hear_like(library, path)

    return hear


def sound_to_object(sound: Sound, similarity: float | None = None) -> dict[str, Any]:
    """Return a sound as it is written to JSON."""
    value: dict[str, Any] = {
        "path": sound.path, "kind": sound.kind, "label": sound.label, "confidence": sound.confidence,
        "unsure": sound.unsure, "corrected": sound.corrected, "duration_s": sound.duration_s,
        "sample_rate": sound.sample_rate, "velocity": sound.velocity, "level_db": sound.level_db,
        "hits": sound.n_hits, "scores": dict(sound.ranking),
    }  # fmt: skip
    if sound.error_code:
        value |= {"error_code": sound.error_code, "error_message": sound.error_message}
    if sound.vanished:
        value["vanished"] = True
    if similarity is not None:
        value["similarity"] = similarity
    return value


def _print_rows(found: Iterator[Found]) -> None:
    from drumbridge.core.labels import UNSURE

    from .terminal import heading, label_cell, stdout_console, stdout_is_terminal

    if not stdout_is_terminal():
        for sound, similarity in found:
            cells = [sound.path, called(sound), f"{sound.confidence:.2f}", f"{sound.duration_s:.3f}"]
            print("\t".join(cells if similarity is None else [*cells, f"{similarity:.3f}"]), flush=True)
        return
    for k, (sound, similarity) in enumerate(found):
        if k == 0:
            stdout_console().print(
                heading(f"{'label':24} {'p':4}  {'s':>6}  {'' if similarity is None else 'like  '}file")
            )
        row = label_cell(UNSURE if sound.unsure else sound.label, called(sound))
        row.append(" " * max(1, 25 - row.cell_len))
        like = "" if similarity is None else f"{similarity:.2f}  "
        stdout_console().print(row.append(f"{sound.confidence:.2f}  {sound.duration_s:6.2f}  {like}{sound.path}"))


def called(sound: Sound) -> str:
    """Return what a sound is called: its label, and what else there is to say of it."""
    if sound.error_code:
        return f"failed ({sound.error_code})"
    name = f"unsure ({sound.label}?)" if sound.unsure else sound.label
    return f"{name} loop" if sound.n_hits else name
