"""Matrices that Max's jit.net.send puts into a TCP stream, as blocks of audio: no socket, no clock.

Conventions: a stream is chunks, each with a header of 8 bytes (id, int32 size). After the chunk header of a matrix
comes its own header of 288 bytes, and then the cells; a plane is a channel, and the cells are samples in the order of
the matrix, dim 0 fastest. A block is float32 (n, planes). A parser is fed bytes however they were cut and never holds
more than one matrix beside what it was just fed; after an error it is `broken`: the place in the stream is lost.

The specification says little-endian and its sample code big-endian; Max was seen to mix them (the id as text, the
chunk's size little-endian, the matrix big-endian). So each of the two headers is taken in the order that makes sense of
it: no number of planes and dimensions that may be is one in the other order too. Cells have the order of their header,
unless the first sound of the connection is none in it and is one in the other.

Source: Max SDK, appendix "Jitter Networking Specification" (JMTX, JMMP, JMLP).
"""

from __future__ import annotations

import math
import struct
from typing import Final, NamedTuple

import numpy as np

from drumbridge.errors import ProtocolError

MAX_PLANES: Final = 32
MAX_DIMENSIONS: Final = 32
MAX_DATA: Final = 4 << 20  # bytes of cells: 23 s of mono float32 at 44.1 kHz
MAX_MESSAGE: Final = 0xFFFF  # bytes; with less than 2**16 a size cannot be read in the wrong order

_CHUNK: Final = 8
_HEADER: Final = 288
_FIELDS = {order: struct.Struct(f"{order}3i32i32ii") for order in "<>"}  # planes, type, dimensions, dims, strides, size
_OTHER = {"<": ">", ">": "<"}
_ENOUGH = 32  # samples to tell the order of cells by
_FIELDS_AT = 8  # behind the id and the size
_TIME_AT = 280
# The types of the specification, with what full scale is: integers are PCM, char is unsigned as in WAV.
_TYPES = {0: ("u1", 128.0, 128.0), 1: ("i4", 0.0, 2.0**31), 2: ("f4", 0.0, 1.0), 3: ("f8", 0.0, 1.0)}


class Matrix(NamedTuple):
    """One matrix: `block` float32 (n, planes), and what its answer repeats: the sender's time, the two orders."""

    block: np.ndarray
    time: bytes
    order: str
    id_is_text: bool


class JmtxParser:
    """Takes matrices out of one connection.

    Attributes
    ----------
    broken : bool
        An error lost the place in the stream; nothing more comes out.
    """

    def __init__(self) -> None:
        self.broken = False
        self._pending = bytearray()
        self._to_skip = 0  # bytes of a message
        self._swapped: bool | None = None  # whether cells have the other order than their header, once that is known

    @property
    def incomplete(self) -> bool:
        """Whether a chunk has begun and not ended."""
        return bool(self._pending) or self._to_skip > 0

    def feed(self, piece: bytes) -> list[Matrix | ProtocolError]:
        """Take the next bytes of the stream; return what they complete. An error is the last."""
        if self.broken:
            return []
        self._pending += piece
        done: list[Matrix | ProtocolError] = []
        try:
            while (matrix := self._next()) is not None:
                done.append(matrix)
        except ProtocolError as error:
            self.broken = True
            self._pending.clear()
            done.append(error)
        return done

    def _next(self) -> Matrix | None:
        """Take the next whole matrix out of what is pending; raise ProtocolError when none can come any more."""
        pending = self._pending
        while self._skip() and len(pending) >= _CHUNK:
            chunk_id = bytes(pending[:4])
            if chunk_id in (b"JMMP", b"PMMJ"):
                self._to_skip = _CHUNK + _message_size(bytes(pending[4:_CHUNK]))
                continue
            if chunk_id not in (b"JMTX", b"XTMJ"):
                raise _malformed(f"A chunk is called {chunk_id!r}; jit.net.send sends JMTX and JMMP.")
            if pending[4:_CHUNK] not in (struct.pack("<i", _HEADER), struct.pack(">i", _HEADER)):
                raise _malformed(f"A JMTX header has {_HEADER} bytes; this one claims 0x{pending[4:_CHUNK].hex()}.")
            if len(pending) < _CHUNK + _HEADER:
                break
            header = bytes(pending[_CHUNK : _CHUNK + _HEADER])
            order, (planes, kind, n_dimensions, *rest) = _fields(header)
            layout = _Layout(planes, kind, rest[:n_dimensions], rest[32 : 32 + n_dimensions], rest[64])
            end = _CHUNK + _HEADER + layout.size
            if len(pending) < end:
                break
            data = bytes(pending[_CHUNK + _HEADER : end])
            del pending[:end]
            if self._swapped is None:
                self._swapped = layout.swapped(data, order)
            block = layout.block(data, _OTHER[order] if self._swapped else order)
            return Matrix(block, header[_TIME_AT:], order, chunk_id == b"JMTX")
        return None

    def _skip(self) -> bool:
        """Throw away what is left of a message; return whether all of it was there."""
        skipped = min(self._to_skip, len(self._pending))
        del self._pending[:skipped]
        self._to_skip -= skipped
        return self._to_skip == 0


class _Layout:
    """How the cells of a matrix lie in its data; raises ProtocolError where they cannot."""

    def __init__(self, planes: int, kind: int, dims: list[int], strides: list[int], size: int) -> None:
        if kind not in _TYPES:
            raise _malformed(f"A matrix has type {kind}; there are 0 char, 1 long, 2 float32 and 3 float64.")
        if not 0 < size <= MAX_DATA:
            raise _malformed(f"A matrix claims {size} bytes of cells; 1 to {MAX_DATA} are heard.")
        if min(dims) < 1 or math.prod(dims) > size:
            raise _malformed(f"A matrix of {'x'.join(map(str, dims))} cells does not fit its {size} bytes.")
        self.planes, self.kind, self.size = planes, kind, size
        item = int(_TYPES[kind][0][1])
        # Only what is longer than its cells has padding; some senders write strides that are none.
        self._packed = size == math.prod(dims) * planes * item
        self._steps = [(dim, stride) for dim, stride in zip(dims, strides, strict=True) if dim > 1]
        least = used = planes * item
        for dim, stride in () if self._packed else self._steps:
            if stride < least:
                raise _malformed(f"A matrix has a dimstride of {stride} bytes where {least} are the least.")
            least = dim * stride
            used += (dim - 1) * stride
        if used > size:
            raise _malformed(f"The cells of a matrix take {used} bytes, and it claims {size}.")

    def swapped(self, data: bytes, order: str) -> bool | None:
        """Return whether the cells make sense only in the other order; None when they cannot tell."""
        if _TYPES[self.kind][0][0] != "f":
            return None
        blocks = [self.block(data, order), self.block(data, _OTHER[order])]
        n = max(int(np.count_nonzero(block)) for block in blocks)  # what is tiny in the wrong order may have become 0
        own, other = (_count_sound(block) / max(n, 1) for block in blocks)
        if n < _ENOUGH or max(own, other) < 0.9:
            return None
        return other > own

    def block(self, data: bytes, order: str) -> np.ndarray:
        """Return the cells as audio, float32 (n, planes)."""
        name, silence, full_scale = _TYPES[self.kind]
        dtype = np.dtype(name if name == "u1" else order + name)
        if self._packed:
            cells = np.frombuffer(data, dtype).reshape(-1, self.planes)
        else:
            shape = (*(dim for dim, _ in self._steps[::-1]), self.planes)
            strides = (*(stride for _, stride in self._steps[::-1]), dtype.itemsize)
            cells = np.ndarray(shape, dtype, data, strides=strides).reshape(-1, self.planes)
        if name == "f4":
            return cells.astype(np.float32)
        with np.errstate(all="ignore"):  # what is too large becomes infinite, and is then no audio
            return ((cells.astype(np.float64) - silence) / full_scale).astype(np.float32)


def matrix_bytes(
    block: np.ndarray,
    *,
    kind: int = 2,
    order: str = ">",
    cell_order: str = "",
    chunk_order: str = "<",
    text: bool = True,
    time_ms: float = 0.0,
) -> bytes:
    """Return a block as jit.net.send puts it into the stream: one dimension, cells packed.

    Parameters
    ----------
    block : ndarray, float, shape (n, planes)
    kind : int
        Type of the cells, 0..3.
    order, cell_order, chunk_order : "<" or ">"
        Byte order of the matrix header, of the cells (by default that of their header) and of the chunk header.
    text : bool
        Whether the ids read as text from left to right.
    time_ms : float
        The sender's time.
    """
    name, silence, full_scale = _TYPES[kind]
    cells = np.asarray(block, dtype=np.float64) * full_scale + silence
    if name[0] != "f":
        limits = np.iinfo(name)
        cells = np.clip(np.rint(cells), limits.min, limits.max)
    with np.errstate(over="ignore"):
        data = cells.astype(name if name == "u1" else (cell_order or order) + name).tobytes()
    n, planes = block.shape
    stride = planes * int(name[1])
    name_bytes = b"JMTX" if text else b"XTMJ"
    return b"".join(
        (
            name_bytes,
            struct.pack(chunk_order + "i", _HEADER),
            name_bytes,
            struct.pack(order + "i", _HEADER),
            _FIELDS[order].pack(planes, kind, 1, n, *[1] * 31, stride, *[stride * n] * 31, len(data)),
            struct.pack(order + "d", time_ms),
            data,
        )
    )


def latency_answer(matrix: Matrix, before_ms: float, after_ms: float) -> bytes:
    """Return what jit.net.send wants to know of each matrix: JMLP, its own time, and when it came and was in use here.

    Parameters
    ----------
    matrix : Matrix
    before_ms, after_ms : float
        Milliseconds of one clock of the receiver.
    """
    name = b"JMLP" if matrix.id_is_text else b"PLMJ"
    return name + matrix.time + struct.pack(matrix.order + "2d", before_ms, after_ms)


def _count_sound(block: np.ndarray) -> int:
    """Return how many samples are between -140 and +40 dBFS; in the wrong order an eighth is, or nothing."""
    magnitudes = np.abs(block)
    return int(np.count_nonzero((magnitudes > 1e-7) & (magnitudes < 100)))


def _fields(header: bytes) -> tuple[str, tuple[int, ...]]:
    """Return the byte order of a matrix header, and its fields."""
    for order, fields in _FIELDS.items():
        values = fields.unpack_from(header, _FIELDS_AT)
        if 1 <= values[0] <= MAX_PLANES and 1 <= values[2] <= MAX_DIMENSIONS:
            return order, values
    order = "<" if header[4:8] == struct.pack("<i", _HEADER) else ">"
    planes, _, dimensions, *_ = _FIELDS[order].unpack_from(header, _FIELDS_AT)
    raise _malformed(
        f"A matrix has 1 to {MAX_PLANES} planes and 1 to {MAX_DIMENSIONS} dimensions, not {planes} and {dimensions}."
    )


def _message_size(raw: bytes) -> int:
    for order in "<>":
        (size,) = struct.unpack(order + "i", raw)
        if 0 <= size <= MAX_MESSAGE:
            return size
    raise _malformed(f"A JMMP message claims 0x{raw.hex()} bytes; {MAX_MESSAGE} are the most.")


def _malformed(sentence: str) -> ProtocolError:
    return ProtocolError("jmtx.malformed", sentence)
