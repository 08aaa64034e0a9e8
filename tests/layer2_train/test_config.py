from __future__ import annotations

import pytest

from common.config import dump, load
from common.errors import ConfigError
from layer2_train.config import EvaluateSettings, TrainSettings


def test_every_key_has_a_default():
    settings = load(TrainSettings)

    assert settings.network.name == "resnet50"
    assert settings.optimizer.name == "sgd"
    assert settings.split.by == "patient"
    assert load(EvaluateSettings).threshold is None


def test_what_is_dumped_loads_as_the_same_settings(tmp_path):
    given = ["split.valid=[a, b]", "optimizer={name: adamw}", "augmentation.stain_jitter=0.1"]
    settings = load(TrainSettings, overrides=given)
    path = tmp_path / "config.resolved.yaml"
    path.write_text(dump(settings))

    assert load(TrainSettings, path) == settings


@pytest.mark.parametrize("jitter", ["0.2", "{scale: 0.2, shift: 0.2}"])
def test_one_number_of_stain_jitter_is_both_scale_and_shift(jitter):
    settings = load(TrainSettings, overrides=[f"augmentation.stain_jitter={jitter}"])

    assert settings.augmentation.stain_jitter.scale == 0.2
    assert settings.augmentation.stain_jitter.shift == 0.2


def test_patients_are_set_aside_by_share_or_by_name():
    settings = load(TrainSettings, overrides=["split.valid=0", "split.test=[patient_000]"])

    assert settings.split.model_dump() == {
        "by": "patient",
        "valid": 0.0,
        "test": ("patient_000",),
        "seed": 0,
    }


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("network.name=resent50", "Did you mean 'resnet50'"),
        ("network={name: googlenet, weights: imagenet}", "no ImageNet weights for googlenet"),
        ("optimizer={name: sgd, weight_decay: 0.1}", "no such key"),
        ("optimizer.name=rmsprop", "'sgd', 'adam', 'adamw'"),
        ("split={valid: 0.6, test: 0.4}", "expected shares below 1 together, got 1.0"),
        ("split={valid: [a, b], test: [b]}", r"a patient in one, got \['b'\] in both"),
        ("split.by=slide", "'patient', 'given'"),
        ("batch_size=0", "batch_size: expected a number of at least 1, found 0"),
        ("early_stopping.patience=0", "early_stopping.patience"),
        ("loss=hinge", "binary_crossentropy"),
        ("augmentation.stain_jitter=true", "stain_jitter"),
    ],
)
def test_what_cannot_be_done_is_refused(override, said):
    with pytest.raises(ConfigError, match=said):
        load(TrainSettings, overrides=[override])


def test_smoothing_that_a_loss_does_not_know_is_refused():
    with pytest.raises(ConfigError, match="expected 0 with the loss mean_squared_error"):
        load(TrainSettings, overrides=["loss=mean_squared_error", "label_smoothing=0.1"])


def test_a_warm_up_longer_than_the_training_is_refused():
    assert load(TrainSettings, overrides=["schedule.warmup_epochs=3", "epochs=3"]).epochs == 3

    with pytest.raises(
        ConfigError,
        match=r"schedule\.warmup_epochs: expected at most epochs, which is 3, found 50$",
    ):
        load(TrainSettings, overrides=["schedule.warmup_epochs=50", "epochs=3"])


@pytest.mark.parametrize("rule", ["youden", "{sensitivity: 0.95}"])
def test_a_rule_for_the_threshold_is_refused_where_it_would_flatter(rule):
    with pytest.raises(ConfigError, match=r"threshold: expected a prob.* it is judged on"):
        load(EvaluateSettings, overrides=[f"threshold={rule}"])

    assert load(EvaluateSettings, overrides=["threshold=0.25"]).threshold == 0.25
    assert load(EvaluateSettings, overrides=["threshold=null"]).threshold is None
