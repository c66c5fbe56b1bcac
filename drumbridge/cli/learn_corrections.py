"""``drumbridge learn --from-corrections``: a personal head for the library, of what was corrected in it.

Conventions: learning tries the head by cross-validation, for one-shots and for hits of loops apart, and tells both
figures, the model's and the head's. It is kept for what it is better for, and waits until ``--use``. ``--return`` goes
back to the model. None of it hears anything again.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from drumbridge.core.head_trial import HeadTrial
    from drumbridge.library.store import Library

_CALLED: Final = {"one_shot": "one-shots", "loop": "hits of loops"}


def learn_from_corrections(args: argparse.Namespace) -> int:
    """Learn and tell, take into use, or return."""
    from drumbridge.library.heads import return_to_model
    from drumbridge.library.location import library_path
    from drumbridge.library.store import Library

    from .terminal import note

    path = library_path(args.library)
    if not path.exists():
        Library(path, writing=False)  # raises, and says why
    with Library(path) as library:
        if args.give_up:
            returned = return_to_model(library)
            note("the model's own answers count again." if returned else "no personal head was in use.")
            return 0
        return _learn(args, library)


def _learn(args: argparse.Namespace, library: Library) -> int:
    from drumbridge.cli import complain
    from drumbridge.engine.head_learning import learn_from_corrections
    from drumbridge.errors import LibraryError
    from drumbridge.inference.registry import load_model
    from drumbridge.library.heads import use_head

    from .terminal import note

    learned = learn_from_corrections(library, load_model(args.model))
    for kind, trial in learned.trials.items():
        _print_trial(_CALLED[kind], trial)
    if learned.waiting is None:
        advice = ": confirm some sounds that are heard rightly (give them the label they have)"
        stand_ins = any(trial.stand_ins for trial in learned.trials.values())
        complain(
            LibraryError(
                "library.head_not_better",
                "The head is not better than the model beyond chance, so it was not kept"
                f"{advice if stand_ins else ', correct more sounds and try again'}.",
            )
        )
        return 1
    for kind in learned.trials:
        if kind not in learned.waiting.kinds:
            note(f"{_CALLED[kind]} stay the model's: the head was not found better for them.")
    if not args.use:
        note("it waits: drumbridge learn --from-corrections --use takes it into use, and nothing else changes.")
        return 0
    changed, loops = use_head(library, learned.waiting.id)
    of_loops = f", and hits in {_counted(loops, 'loop')}" if "loop" in learned.waiting.kinds else ""
    note(
        f"in use: {_counted(changed, 'one-shot')} {'is' if changed == 1 else 'are'} called otherwise{of_loops}"
        " (drumbridge find is:personal); drumbridge learn --from-corrections --return goes back."
    )
    return 0


def _counted(n: int, what: str) -> str:
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def _print_trial(called: str, trial: HeadTrial) -> None:
    """Print what the cross-validation found for one-shots or for hits, as a table."""
    corrected, kept = f"{trial.corrected} corrected", f"{trial.confirmed:.0f} confirmed"
    if trial.stand_ins:
        kept = f"{trial.confirmed:.0f} left alone"  # each counts by the model's confidence
    rows = [
        (f"{called} not learned from", "the model", "your head"),
        (corrected, "0", f"{trial.mended} right"),
        (kept, f"{trial.confirmed:.0f}", f"{trial.kept:.0f} right"),
        (
            "over the library" if trial.stand_ins else "of all of these",
            f"{100 * trial.model:.1f} %",
            f"{100 * trial.head:.1f} %",
        ),
    ]
    for row in rows:
        print(f"{row[0]:34} {row[1]:>10} {row[2]:>12}")
    points = f"{100 * trial.gain:+.1f} points, 95 % interval {100 * trial.low:+.1f} to {100 * trial.high:+.1f}"
    print(f"{'your head against the model':34} {points}", flush=True)
