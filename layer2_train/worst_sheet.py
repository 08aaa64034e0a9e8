"""A picture of the patches a network is most wrong about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from common.files import whole_file
from layer2_train.wording import probability as said

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import numpy.typing as npt

SHOWN: Final = 96
_COLUMNS: Final = 12
_EDGE_PX: Final = 96
_TEXT_PX: Final = 18
_WHITE: Final = 255


def write_sheet(path: Path, worst: Iterable[tuple[npt.NDArray[np.uint8], float]]) -> None:
    """Write patches, each over its probability of tumour, in rows of twelve, as a PNG.

    Parameters
    ----------
    path : Path
    worst : iterable of (patch, probability)
        (S, S, 3) uint8 RGB each; at least one.
    """
    cells = [_cell(patch, probability) for patch, probability in worst]
    blank = np.full_like(cells[0], _WHITE)
    cells += [blank] * (-len(cells) % _COLUMNS)
    rows = [np.hstack(cells[at : at + _COLUMNS]) for at in range(0, len(cells), _COLUMNS)]
    done, png = cv2.imencode(".png", cv2.cvtColor(np.vstack(rows), cv2.COLOR_RGB2BGR))
    assert done
    with whole_file(path) as partial:
        partial.write_bytes(png.tobytes())


def _cell(patch: npt.NDArray[np.uint8], probability: float) -> npt.NDArray[np.uint8]:
    cell = np.full((_EDGE_PX + _TEXT_PX, _EDGE_PX, 3), _WHITE, np.uint8)
    edge = _EDGE_PX - 4
    cell[2 : 2 + edge, 2 : 2 + edge] = cv2.resize(patch, (edge, edge), interpolation=cv2.INTER_AREA)
    at = (4, _EDGE_PX + _TEXT_PX - 6)
    font, black = cv2.FONT_HERSHEY_SIMPLEX, (0, 0, 0)
    cv2.putText(cell, said(probability), at, font, 0.42, black, 1, cv2.LINE_AA)
    return cell
