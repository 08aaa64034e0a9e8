from __future__ import annotations

from colour_model import write_colour_bundle

from layer3_infer.model_facts import as_json, model_facts


def test_neither_patients_nor_their_hashes_nor_the_training_config_are_told(tmp_path):
    bundle = write_colour_bundle(
        tmp_path / "bundle",
        slides={"train": ["slide one", "slide two"], "test": ["slide three"]},
        patients={"train": ["patient_007"]},
        config={"split": {"valid": ["patient_007"]}},
    )

    facts = model_facts(bundle)
    text = as_json(facts)

    assert facts["slides_seen"] == {"train": 2, "test": 1}
    assert facts["model_sha256"] == bundle.model_sha256
    hashes = bundle.manifest.patients.hashes["train"]
    assert not [
        secret
        for secret in ("patient_007", "slide one", bundle.manifest.patients.salt, *hashes)
        if secret in text
    ]


def test_the_threshold_the_model_was_measured_with_is_told(tmp_path):
    bundle = write_colour_bundle(tmp_path / "bundle", config={"threshold": 0.37})

    assert model_facts(bundle)["threshold"] == 0.37
