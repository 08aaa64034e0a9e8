"""Settings of layer 2's commands, put together from `layer2_train.settings`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from common.config import Settings
from layer2_train.settings.augmentation import AugmentationSettings as AugmentationSettings
from layer2_train.settings.augmentation import StainJitter as StainJitter
from layer2_train.settings.data import BalanceSettings, LoadingSettings
from layer2_train.settings.distributed import DistributedSettings
from layer2_train.settings.network import NetworkSettings as NetworkSettings
from layer2_train.settings.numbers import Count, Fraction, Probability
from layer2_train.settings.optimizer import Optimizer, Sgd
from layer2_train.settings.schedule import EarlyStopping
from layer2_train.settings.schedule import ScheduleSettings as ScheduleSettings
from layer2_train.settings.split import SplitByPatient as SplitByPatient
from layer2_train.settings.split import SplitGiven as SplitGiven
from layer2_train.settings.stain import StainSettings
from layer2_train.settings.threshold import YOUDEN, Threshold
from layer2_train.settings.tracking import TrackingSettings

Loss = Literal["binary_crossentropy", "binary_focal_crossentropy", "mean_squared_error"]


class TrainSettings(Settings):
    """What `train` does.

    Attributes
    ----------
    loss : str
        As Keras names it; focal with its default focus of 2.
    activation : {"sigmoid"}
        A bundle answers with one probability; of two classes softmax says the same.
    label_smoothing : float
        Targets 0 and 1 become half of this and 1 minus half of this.
    precision : {"float32", "mixed_float16", "mixed_bfloat16"}
        Of the arithmetic in training; weights and the network that is saved stay float32.
    batch_size : int
        Of each rank.
    epochs : int
        At most; see `early_stopping`.
    seed : int
        Of first weights, order of patches, augmentation and dropout.
    orientations : {1, 4, 8}
        In how many positions a patch is shown to the network when it is asked, in validation and
        wherever the bundle is used; its answers are averaged. Costs as many times the inference.
    threshold : float, "youden", AtSensitivity or AtSpecificity
        Probability from which on a patch is called tumour; or the rule that chooses it on the
        validation patches, such as ``{sensitivity: 0.95}``.
    bootstrap : int
        Resamples behind each 95 % interval.
    """

    network: NetworkSettings = NetworkSettings()
    loss: Loss = "binary_crossentropy"
    activation: Literal["sigmoid"] = "sigmoid"
    label_smoothing: Fraction = 0.0
    optimizer: Annotated[Optimizer, Field(discriminator="name")] = Sgd()
    schedule: ScheduleSettings = ScheduleSettings()
    precision: Literal["float32", "mixed_float16", "mixed_bfloat16"] = "float32"
    batch_size: Count = 32
    epochs: Count = 10
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    early_stopping: EarlyStopping = EarlyStopping()
    split: Annotated[SplitByPatient | SplitGiven, Field(discriminator="by")] = SplitByPatient()
    balance: BalanceSettings = BalanceSettings()
    loading: LoadingSettings = LoadingSettings()
    stain: StainSettings = StainSettings()
    augmentation: AugmentationSettings = AugmentationSettings()
    distributed: DistributedSettings = DistributedSettings()
    tracking: TrackingSettings = TrackingSettings()
    orientations: Literal[1, 4, 8] = 1
    threshold: Threshold = 0.5
    bootstrap: Count = 1000

    @model_validator(mode="after")
    def _smooths_what_it_can(self) -> TrainSettings:
        if self.loss == "mean_squared_error" and self.label_smoothing:
            raise ValueError("label_smoothing: expected 0 with the loss mean_squared_error")
        return self

    @model_validator(mode="after")
    def _warms_up_in_time(self) -> TrainSettings:
        if self.schedule.warmup_epochs > self.epochs:
            raise ValueError(
                f"schedule.warmup_epochs: expected at most epochs, which is {self.epochs}, "
                f"found {self.schedule.warmup_epochs:g}"
            )
        return self

    @model_validator(mode="before")
    @classmethod
    def _default_kinds(cls, values: Any) -> Any:
        """Take the default optimizer and split where only other keys of theirs are given."""
        kinds = {"optimizer": ("name", "sgd"), "split": ("by", "patient")}
        filled = {
            key: {kind: default, **values[key]}
            for key, (kind, default) in kinds.items()
            if isinstance(values, dict) and isinstance(values.get(key), dict)
        }
        return {**values, **filled} if filled else values


def _no_rule(value: Any) -> Any:
    if value == YOUDEN or isinstance(value, dict):
        raise ValueError(
            "expected a probability between 0 and 1, or null for the bundle's own: a rule would "
            "choose it on the very patches it is judged on, and flatter; `train` takes rules"
        )
    return value


class EvaluateSettings(Settings):
    """What `evaluate` does; keys mean what they mean in `TrainSettings`.

    Attributes
    ----------
    threshold : float or None
        None takes the one the bundle was trained with, or chose on its validation patches. A rule
        that chooses one is for training: chosen where it is judged, a threshold flatters.
    """

    batch_size: Count = 32
    threshold: Annotated[Probability | None, BeforeValidator(_no_rule)] = None
    bootstrap: Count = 1000
