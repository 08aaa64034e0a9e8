"""Which of the patches that a model is most wrong about are taken."""

from __future__ import annotations

from pydantic import model_validator

from common.config import Settings
from layer2_train.settings.numbers import Count, Probability


class MineSettings(Settings):
    """What `mine` does; a patch is taken if every limit that is set lets it pass.

    Attributes
    ----------
    keep : int or None
        Of all slides together, so many with the highest probability of tumour; None is all.
    threshold : float or None
        Least probability of tumour; None is any.
    per_slide : int or None
        At most so many of each slide, its highest, so that one odd slide is not all there is.
    batch_size : int
        Patches that go through the network together.
    """

    keep: Count | None = 1000
    threshold: Probability | None = None
    per_slide: Count | None = None
    batch_size: Count = 32

    @model_validator(mode="after")
    def _some_limit(self) -> MineSettings:
        if self.keep is None and self.threshold is None and self.per_slide is None:
            raise ValueError("expected keep, threshold or per_slide, all of them are null")
        return self
