"""Many patches of a slide, each read on its own: what every reader can do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from common.errors import PixelError

if TYPE_CHECKING:
    from typing import Protocol

    import numpy.typing as npt

    from common.patches import PatchSpec

    class Reads(Protocol):
        """What gives single patches."""

        @property
        def reader(self) -> str:
            """Name and version of the library that decodes the pixels."""
            ...

        def read(self, x: int, y: int, spec: PatchSpec) -> npt.NDArray[np.uint8]:
            """One patch."""
            ...


class OneByOne:
    """Patches read by one call each. See `common.slides.Reading`.

    Parameters
    ----------
    slide : Reads
    xy : (N, 2) int64, level-0 px
    spec : PatchSpec
    """

    def __init__(self, slide: Reads, xy: npt.NDArray[np.int64], spec: PatchSpec) -> None:
        self.reader = slide.reader
        self._slide = slide
        self._xy = xy
        self._spec = spec

    def __len__(self) -> int:
        return len(self._xy)

    def read(self, start: int, stop: int) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
        """Patches `start` to `stop`. See `common.slides.Reading.read`."""
        corners = self._xy[start:stop].tolist()
        size = self._spec.size
        patches = np.full((len(corners), size, size, 3), 255, dtype=np.uint8)
        readable = np.ones(len(corners), dtype=bool)
        for row, (x, y) in enumerate(corners):
            try:
                patches[row] = self._slide.read(x, y, self._spec)
            except PixelError:
                readable[row] = False
        return patches, readable
