"""Where results are told, beside the run directory."""

from __future__ import annotations

from common.config import Settings


class TrackingSettings(Settings):
    """An MLflow server or file that follows the training.

    Attributes
    ----------
    uri : str or None
        Such as ``sqlite:///runs/mlflow.db`` or ``http://127.0.0.1:5000``; None tells nobody.
    experiment : str
        Name under which runs stand together there.
    """

    uri: str | None = None
    experiment: str = "camnet"
