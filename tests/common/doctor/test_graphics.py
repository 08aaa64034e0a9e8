from __future__ import annotations

import pytest
from fake_hosts import fake_host

from common.doctor.graphics import driver, look

DRIVER = {
    "/proc/driver/nvidia/version": "NVRM version: NVIDIA UNIX x86_64 Kernel Module  "
    "570.86.15  Thu Jan 23 02:04:24 UTC 2025\nGCC version:  gcc 12\n"
}
OPEN = "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.65.06  Release Build\n"


def test_gpus_and_driver_are_told(tmp_path):
    (found,) = look(fake_host(tmp_path, {**DRIVER, "/dev/nvidia0": ""}), used=True)

    assert (found.state, found.said) == ("ok", "1 GPU (0), driver 570.86.15")


def test_both_kinds_of_the_driver_tell_their_version(tmp_path):
    assert driver(fake_host(tmp_path, {"/proc/driver/nvidia/version": OPEN})) == "580.65.06"


def test_a_machine_without_any_is_well(tmp_path):
    assert look(fake_host(tmp_path), used=True)[0].said == "none"


@pytest.mark.parametrize(
    ("variables", "said", "advice"),
    [
        ({"CUDA_VISIBLE_DEVICES": ""}, "CUDA_VISIBLE_DEVICES=(empty)", "--gres"),
        ({"APPTAINER_CONTAINER": "x"}, "no GPU can be seen", "--nv"),
        ({"SLURM_GPUS_ON_NODE": "2"}, "SLURM gave 2 GPUs", "--gres"),
    ],
)
def test_a_gpu_that_cannot_be_seen_is_told_with_how_to_be_given_it(
    tmp_path, variables, said, advice
):
    (found,) = look(fake_host(tmp_path, DRIVER, **variables), used=True)

    assert found.state == "warning"
    assert said in found.said
    assert advice in found.advice


def test_a_layer_that_uses_none_does_not_miss_it(tmp_path):
    assert look(fake_host(tmp_path, DRIVER), used=False)[0].state == "ok"
