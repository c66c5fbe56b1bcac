"""Cutting a stream into overlapping frames, whatever blocks it arrives in.

Conventions: frame k is centred on sample k * hop_length of the stream and comes out once the
frame_length // 2 samples after its centre are there; where a stream ends, so do its frames. What lies
before the first sample is the audio mirrored in that sample (as a point), so a constant or a hum begins
without the click that zeros would make.
"""

from __future__ import annotations

import numpy as np

from .history import History


class Framer:
    """Streaming frames; the same frames come out for any cutting of the input.

    Parameters
    ----------
    frame_length : int
        Samples of a frame, even.
    hop_length : int
        Samples from one frame to the next.
    """

    def __init__(self, frame_length: int, hop_length: int) -> None:
        self.frame_length = frame_length
        self.hop_length = hop_length
        self._half = frame_length // 2
        self._none = np.zeros((0, frame_length), dtype=np.float32)
        self.reset()

    def reset(self) -> None:
        """Start a new stream."""
        self._history = History()
        self._count = 0
        self._mirrored = False
        self._history.restart(-self._half)

    @property
    def until_next(self) -> int:
        """How many samples are missing for the next frame, at least 1."""
        if not self._mirrored:
            return 1 - self._history.end
        return self._count * self.hop_length + self._half - self._history.end

    def process(self, block: np.ndarray) -> np.ndarray:
        """Take in audio and return the frames that it completes.

        Parameters
        ----------
        block : ndarray, float32, shape (n,)

        Returns
        -------
        ndarray, float32, shape (frames, frame_length)
        """
        if not self._mirrored:
            self._history.append(block)
            if self._history.end <= 0:  # half a frame and one sample are needed
                return self._none
            self._mirror_start()
        else:
            self._history.append(block)
        return self._complete()

    def _mirror_start(self) -> None:
        # Until now the stream was stored from -half on, so that the image can be put before it in one piece.
        audio = self._history.read(-self._half, self._history.end)
        image = 2.0 * audio[:1] - audio[1 : self._half + 1][::-1]
        self._history.restart(-self._half)
        self._history.append(np.concatenate([image, audio]))
        self._mirrored = True

    def _complete(self) -> np.ndarray:
        start = self._count * self.hop_length - self._half
        count = max(0, (self._history.end - start - self.frame_length) // self.hop_length + 1)
        if count == 0:
            return self._none
        audio = self._history.read(start, start + (count - 1) * self.hop_length + self.frame_length)
        self._count += count
        self._history.forget(self._count * self.hop_length - self._half)
        if count == 1:  # live audio comes in blocks shorter than a hop, and a view costs more than a frame's levels
            return audio[None]
        # As sliding_window_view has them, for a tenth of what that costs.
        step = audio.strides[0]
        return np.lib.stride_tricks.as_strided(
            audio, (count, self.frame_length), (self.hop_length * step, step), writeable=False
        )
