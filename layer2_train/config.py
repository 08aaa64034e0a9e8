"""Settings of layer 2's commands. Every default of this layer is here."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from common.config import Settings
from layer2_train.architectures import check_name

Rate = Annotated[float, Field(gt=0, le=10)]
Fraction = Annotated[float, Field(ge=0, lt=1)]
Patients = Annotated[tuple[str, ...], Field(min_length=1)]
Probability = Annotated[float, Field(gt=0, lt=1)]


class NetworkSettings(Settings):
    """The network to train.

    Attributes
    ----------
    name : str
        A key of `layer2_train.architectures.MODULES`.
    weights : {"none"}
        What it starts from; none draws them from the seed.
    dropout : float
        Share of features hidden at random before the last layer, in training only.
    """

    name: Annotated[str, AfterValidator(check_name)] = "resnet50"
    weights: Literal["none"] = "none"
    dropout: Fraction = 0.2


class Sgd(Settings):
    """Stochastic gradient descent."""

    name: Literal["sgd"] = "sgd"
    learning_rate: Rate = 1e-4
    momentum: Fraction = 0.9
    nesterov: bool = True


class Adam(Settings):
    """Adam (Kingma and Ba 2015, arXiv:1412.6980)."""

    name: Literal["adam"] = "adam"
    learning_rate: Rate = 1e-3


class AdamW(Settings):
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019, arXiv:1711.05101)."""

    name: Literal["adamw"] = "adamw"
    learning_rate: Rate = 1e-3
    weight_decay: Fraction = 0.004


class ScheduleSettings(Settings):
    """How the learning rate changes from step to step.

    Attributes
    ----------
    name : {"constant", "cosine"}
        Cosine falls to 0 at the last step.
    warmup_epochs : float
        Epochs, or a part of one, in which the rate first rises from 0.
    """

    name: Literal["constant", "cosine"] = "constant"
    warmup_epochs: Annotated[float, Field(ge=0)] = 0.0


class EarlyStopping(Settings):
    """When to stop before the last epoch.

    Attributes
    ----------
    patience : int or None
        Epochs without a better validation result before training stops; None never stops. Better
        is a higher AUC, then a lower loss; the loss alone where validation holds one class.
    """

    patience: Annotated[int, Field(ge=1)] | None = None


class SplitByPatient(Settings):
    """Patients set aside by share or by name.

    Attributes
    ----------
    valid, test : float or list of str
        A share of the patients, or their names. 0 sets none aside.
    seed : int
        Which patients, where a share is given.
    """

    by: Literal["patient"] = "patient"
    valid: Fraction | Patients = 0.2
    test: Fraction | Patients = 0.2
    seed: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _can_be_kept(self) -> SplitByPatient:
        if isinstance(self.valid, tuple) and isinstance(self.test, tuple):
            twice = sorted({*self.valid} & {*self.test})
            if twice:
                raise ValueError(f"valid and test: expected a patient in one, got {twice} in both")
        elif not isinstance(self.valid, tuple) and not isinstance(self.test, tuple):
            total = self.valid + self.test
            if total >= 1:
                raise ValueError(f"valid and test: expected shares below 1 together, got {total}")
        return self


class SplitGiven(Settings):
    """The split each patch file names itself."""

    by: Literal["given"]


class StainJitter(Settings):
    """Stains made stronger or weaker; see `layer2_train.augmentation`.

    Attributes
    ----------
    scale : float
        Each stain's optical density is multiplied by 1 - scale to 1 + scale.
    shift : float
        Then moved by up to this much, in decadic optical density.
    """

    scale: Fraction = 0.05
    shift: Fraction = 0.05

    @model_validator(mode="before")
    @classmethod
    def _one_number_is_both(cls, value: Any) -> Any:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return {"scale": value, "shift": value}
        return value


class AugmentationSettings(Settings):
    """Variations of the training patches that leave their label as it is.

    Attributes
    ----------
    flip : bool
        Mirrored left to right and upside down, each with a chance of one half.
    rotate90 : bool
        Turned by 0 to 3 quarters.
    stain_jitter : float or StainJitter
        One number is both scale and shift; 0 is off.
    """

    flip: bool = True
    rotate90: bool = True
    stain_jitter: StainJitter = StainJitter()


class TrainSettings(Settings):
    """What `train` does.

    Attributes
    ----------
    label_smoothing : float
        Targets 0 and 1 become half of this and 1 minus half of this.
    batch_size : int
    epochs : int
        At most; see `early_stopping`.
    seed : int
        Of first weights, order of patches, augmentation and dropout.
    threshold : float
        Probability from which on a patch is called tumour, in accuracy, sensitivity, specificity.
    bootstrap : int
        Resamples behind each 95 % interval.
    """

    network: NetworkSettings = NetworkSettings()
    loss: Literal["binary_crossentropy"] = "binary_crossentropy"
    activation: Literal["sigmoid"] = "sigmoid"
    label_smoothing: Fraction = 0.0
    optimizer: Annotated[Sgd | Adam | AdamW, Field(discriminator="name")] = Sgd()
    schedule: ScheduleSettings = ScheduleSettings()
    batch_size: Annotated[int, Field(ge=1)] = 32
    epochs: Annotated[int, Field(ge=1)] = 10
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    early_stopping: EarlyStopping = EarlyStopping()
    split: Annotated[SplitByPatient | SplitGiven, Field(discriminator="by")] = SplitByPatient()
    augmentation: AugmentationSettings = AugmentationSettings()
    threshold: Probability = 0.5
    bootstrap: Annotated[int, Field(ge=1)] = 1000

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


class EvaluateSettings(Settings):
    """What `evaluate` does; keys mean what they mean in `TrainSettings`."""

    batch_size: Annotated[int, Field(ge=1)] = 32
    threshold: Probability = 0.5
    bootstrap: Annotated[int, Field(ge=1)] = 1000
