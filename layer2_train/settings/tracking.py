"""Where results are told, beside the run directory."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import AfterValidator

from common.config import Settings

_FILE: Final = "sqlite:///"
_SERVERS: Final = ("http://", "https://")


def check_address(uri: str) -> str:
    """An address that may be printed, kept beside results and told to others.

    No message repeats it: one that is refused may hold a password.

    Raises
    ------
    ValueError
        If it is neither a SQLite file nor a server, or says who asks there.
    """
    begins = (_FILE, *_SERVERS)
    if not uri.startswith(begins) or uri in begins:
        raise ValueError(
            "expected an address such as sqlite:///runs/mlflow.db, http://127.0.0.1:5000 or "
            "https://mlflow.example.org, found another kind"
        )
    if uri.startswith(_SERVERS) and ("@" in uri or "?" in uri):
        raise ValueError(
            "expected an address without user, password and token, as it is kept beside results, "
            "found more than that. Remove them from it, and set MLFLOW_TRACKING_USERNAME and "
            "MLFLOW_TRACKING_PASSWORD in the environment"
        )
    return uri


class TrackingSettings(Settings):
    """An MLflow server or file that follows the training.

    Attributes
    ----------
    uri : str or None
        Such as ``sqlite:///runs/mlflow.db`` or ``http://127.0.0.1:5000``; None tells nobody. User
        and password are given in the environment, as MLflow reads them there.
    experiment : str
        Name under which runs stand together there.
    """

    uri: Annotated[str, AfterValidator(check_address)] | None = None
    experiment: str = "camnet"
