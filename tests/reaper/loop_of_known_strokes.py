"""What the loop of these tests holds, and where drumbridge is."""

from pathlib import Path

import drumbridge

RATE = 44100
PACKAGE_FOLDER = Path(drumbridge.__file__).parents[1]

# The strokes of the loop: seconds and label. Uneven, so that no shift maps it onto itself.
STROKES = [
    *((0.10, "kick"), (0.45, "closed_hat"), (0.95, "kick"), (1.20, "closed_hat"), (1.70, "kick")),
    *((2.30, "closed_hat"), (2.55, "kick"), (3.20, "kick"), (3.45, "closed_hat")),
]
LOOP_S = 4.0
