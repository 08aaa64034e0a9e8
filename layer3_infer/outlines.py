"""The outlines of pieces of a lattice of cells: rings of corners, without drawing a single cell.

Cells that share an edge are one piece; those that meet only at a corner are not. Everything is in
vertices of the lattice: vertex (row, column) is the top-left corner of that cell. Exteriors run
right along the top of their piece and down its right side, holes the other way round.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

_NORTH_WEST, _NORTH_EAST, _SOUTH_WEST, _SOUTH_EAST = 1, 2, 4, 8
"""The cells around a vertex, as bits: together they say which of them are of a piece."""

_ALL: Final = 15
_FALLING: Final = _NORTH_WEST | _SOUTH_EAST
_RISING: Final = _NORTH_EAST | _SOUTH_WEST


@dataclass(frozen=True, eq=False)
class Rings:
    """Closed outlines, ordered by their first vertex: the topmost, and of those the leftmost.

    Attributes
    ----------
    xy : (V, 2) int64
        (column, row) of the vertices where a ring turns, ring after ring; the first not repeated.
    starts : (K + 1,) int64
        Ring k is ``xy[starts[k]:starts[k + 1]]``.
    piece : (K,) int32
        Number of the piece each is an outline of.
    hole : (K,) bool
    """

    xy: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    piece: npt.NDArray[np.int32]
    hole: npt.NDArray[np.bool_]


def outlines(pieces: npt.NDArray[np.int32]) -> Rings:
    """The rings around every piece and every hole; none meets itself.

    Parameters
    ----------
    pieces : (rows, columns) int32
        Number of the piece a cell belongs to, from 1; 0 where it is of none. Cells that share an
        edge have one number.
    """
    turns = _turns(pieces)
    order, starts = _walked(turns.following())
    first = order[starts[:-1]]
    return Rings(
        xy=np.stack([turns.column[order], turns.row[order]], axis=1),
        starts=starts,
        piece=turns.piece[first],
        hole=~turns.leaves_along_row[first],
    )


@dataclass(frozen=True)
class _Kind:
    """One way in which a ring turns at a vertex: around one cell.

    Attributes
    ----------
    cell : int
        The bit of that cell.
    of_piece : bool
        Whether it is a cell of the piece, or one that juts into it.
    right, below : bool
        On which sides of the vertex the two edges of the ring lie.
    leaves_along_row : bool
        Which of the two comes after the vertex.
    step : (row, column)
        From the vertex to a cell of the piece.
    """

    cell: int
    of_piece: bool
    right: bool
    below: bool
    leaves_along_row: bool
    step: tuple[int, int]

    def occurs(
        self, around: npt.NDArray[np.uint8], joined: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.bool_]:
        """At which vertices.

        On a diagonal of two pieces the ring goes round each cell; where they are of one piece,
        round what lies between, so that a hole ends there.
        """
        if self.of_piece:
            diagonal = ((around == _FALLING) | (around == _RISING)) & (around & self.cell > 0)
            return (around == self.cell) | (diagonal & ~joined)
        diagonal = ((around == _FALLING) | (around == _RISING)) & (around & self.cell == 0)
        return (around == _ALL ^ self.cell) | (diagonal & joined)


_KINDS: Final = (
    _Kind(_SOUTH_EAST, of_piece=True, right=True, below=True, leaves_along_row=True, step=(0, 0)),
    _Kind(
        _SOUTH_WEST, of_piece=True, right=False, below=True, leaves_along_row=False, step=(0, -1)
    ),
    _Kind(
        _NORTH_WEST, of_piece=True, right=False, below=False, leaves_along_row=True, step=(-1, -1)
    ),
    _Kind(
        _NORTH_EAST, of_piece=True, right=True, below=False, leaves_along_row=False, step=(-1, 0)
    ),
    _Kind(
        _SOUTH_EAST, of_piece=False, right=True, below=True, leaves_along_row=False, step=(0, -1)
    ),
    _Kind(
        _SOUTH_WEST, of_piece=False, right=False, below=True, leaves_along_row=True, step=(-1, -1)
    ),
    _Kind(
        _NORTH_WEST, of_piece=False, right=False, below=False, leaves_along_row=False, step=(0, -1)
    ),
    _Kind(
        _NORTH_EAST, of_piece=False, right=True, below=False, leaves_along_row=True, step=(-1, -1)
    ),
)


@dataclass(frozen=True, eq=False)
class _Turns:
    """Every turn of every ring, by row and column of its vertex; one entry each, (N,).

    A vertex where two pieces, or a piece and itself, meet at a corner has two.
    """

    row: npt.NDArray[np.int64]
    column: npt.NDArray[np.int64]
    right: npt.NDArray[np.bool_]
    below: npt.NDArray[np.bool_]
    leaves_along_row: npt.NDArray[np.bool_]
    piece: npt.NDArray[np.int32]

    def following(self) -> npt.NDArray[np.int64]:
        """The turn after each, (N,).

        Along a row, turns are the left and the right end of an edge by turns; likewise along a
        column.
        """
        along_row = _partners(np.lexsort((self.right, self.column, self.row)))
        along_column = _partners(np.lexsort((self.below, self.row, self.column)))
        return np.where(self.leaves_along_row, along_row, along_column)


def _turns(pieces: npt.NDArray[np.int32]) -> _Turns:
    row, column, around = _corners(pieces > 0)
    joined = _joined(pieces, row, column, around)
    found = [np.flatnonzero(kind.occurs(around, joined)) for kind in _KINDS]
    at, kind = np.concatenate(found), np.repeat(np.arange(len(_KINDS)), [len(f) for f in found])
    order = np.argsort(at, kind="stable")
    at, kind = at[order], kind[order]
    step = np.array([k.step for k in _KINDS])[kind]
    return _Turns(
        row=row[at],
        column=column[at],
        right=np.array([k.right for k in _KINDS])[kind],
        below=np.array([k.below for k in _KINDS])[kind],
        leaves_along_row=np.array([k.leaves_along_row for k in _KINDS])[kind],
        piece=pieces[row[at] + step[:, 0], column[at] + step[:, 1]],
    )


def _corners(
    covered: npt.NDArray[np.bool_],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
    """Row and column of the vertices where outlines turn, and the cells around each, (N,)."""
    padded = np.pad(covered.astype(np.uint8), 1)
    around = padded[:-1, :-1] | padded[:-1, 1:] << 1 | padded[1:, :-1] << 2 | padded[1:, 1:] << 3
    straight = np.zeros(_ALL + 1, dtype=np.bool_)
    straight[[0, 3, 5, 10, 12, _ALL]] = True  # none, two that share an edge, all
    row, column = np.nonzero(~straight[around])
    return row, column, around[row, column].astype(np.uint8)


def _joined(
    pieces: npt.NDArray[np.int32],
    row: npt.NDArray[np.int64],
    column: npt.NDArray[np.int64],
    around: npt.NDArray[np.uint8],
) -> npt.NDArray[np.bool_]:
    """Whether the two cells on a diagonal are of one piece, (N,)."""
    joined = np.zeros(len(around), dtype=np.bool_)
    for diagonal, upper, lower in ((_FALLING, -1, 0), (_RISING, 0, -1)):
        at = np.flatnonzero(around == diagonal)
        above = pieces[row[at] - 1, column[at] + upper]
        joined[at] = above == pieces[row[at], column[at] + lower]
    return joined


def _partners(order: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The other of each pair, where `order` lists pairs."""
    partners = np.empty_like(order)
    partners[order[::2]], partners[order[1::2]] = order[1::2], order[::2]
    return partners


def _walked(
    following: npt.NDArray[np.int64],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The turns, ring after ring, and where each ring starts; the end of the last comes last."""
    ahead, seen = following.tolist(), bytearray(len(following))
    order, starts = list[int](), [0]
    for first in range(len(ahead)):
        at = first
        while not seen[at]:
            seen[at] = True
            order.append(at)
            at = ahead[at]
        if len(order) > starts[-1]:
            starts.append(len(order))
    return np.array(order, dtype=np.int64), np.array(starts, dtype=np.int64)
