"""How much audio is missing in packets without numbers, from their sizes: no clock.

Conventions: lengths are samples. A sender cuts each block of its host into equal packets and a smaller rest (512 into
300 and 212). Once `SURE_AFTER` blocks in a row were cut alike, a rest that comes too early or not at all tells how much
is missing before the packet that shows it: at most one block, and of that block exactly. It tells nothing of blocks
that are one packet each, or are cut without a rest, or vary in length, nor of blocks that went missing as a whole.
"""

from __future__ import annotations

from typing import Final

SURE_AFTER: Final = 8


class PacketSizes:
    """Watches the packets of one stream."""

    def __init__(self) -> None:
        self._full = 0
        self._fulls = self._rest = 0  # of the last whole block: how many full packets, and the length of its rest
        self._alike = 0  # whole blocks in a row that were cut like it
        self._in_block = 0  # full packets of this block so far

    def arrived(self, n: int) -> int:
        """Note a packet of n samples; return how many are known to be missing before it."""
        if self._alike >= SURE_AFTER and n == self._full and self._in_block == self._fulls:
            self._in_block = 1
            return self._rest
        if self._alike >= SURE_AFTER and n == self._rest:
            missing = (self._fulls - self._in_block) * self._full
            self._in_block = 0
            return missing
        if n == self._full:
            self._in_block += 1
        elif n < self._full and self._in_block:
            same = (self._in_block, n) == (self._fulls, self._rest)
            self._alike = self._alike + 1 if same else 1
            self._fulls, self._rest, self._in_block = self._in_block, n, 0
        else:  # a longer packet than any, or two rests in a row: blocks are cut in another way from here on
            self._full, self._in_block, self._alike = n, 1, 0
        return 0
