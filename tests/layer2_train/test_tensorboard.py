from __future__ import annotations

import struct
import subprocess
import sys

import cv2
import numpy as np
import pytest
from tensorboardX.proto.event_pb2 import Event

from common.errors import ConfigError
from layer2_train.tensorboard import EventFiles
from layer2_train.tracking import Point


def events(folder):
    """The events of all files of a folder, in order; a torn one ends its file."""
    found = []
    for path in sorted(folder.iterdir()):
        data, start = path.read_bytes(), 0
        while start < len(data):
            (length,) = struct.unpack_from("<Q", data, start)
            found.append(Event.FromString(data[start + 12 : start + 12 + length]))
            start += 12 + length + 4
    return found


def scalars(folder):
    return [
        (event.step, value.tag, value.simple_value)
        for event in events(folder)
        for value in event.summary.value
        if value.WhichOneof("value") == "simple_value"
    ]


def pictures(folder):
    return [
        value.tag
        for event in events(folder)
        for value in event.summary.value
        if value.WhichOneof("value") == "image"
    ]


def test_epochs_are_there_as_soon_as_they_are_told(tmp_path):
    files = EventFiles(tmp_path / "tensorboard", {"epochs": "3"})

    files.points([Point(1, {"loss": 0.5, "valid_auc": 0.75})])

    assert scalars(tmp_path / "tensorboard") == [(1, "loss", 0.5), (1, "valid_auc", 0.75)]
    files.close("FINISHED")


def test_a_training_that_begins_again_leaves_no_step_twice(tmp_path):
    folder = tmp_path / "tensorboard"
    killed = EventFiles(folder, {})
    killed.points([Point(1, {"loss": 0.5}), Point(2, {"loss": 0.25})])
    killed.close("KILLED")
    for path in folder.iterdir():
        path.write_bytes(path.read_bytes()[:-3])  # torn by the kill

    resumed = EventFiles(folder, {})
    resumed.points([Point(1, {"loss": 0.5})])
    resumed.points([Point(2, {"loss": 0.25})])
    resumed.close("FINISHED")

    assert scalars(folder) == [(1, "loss", 0.5), (2, "loss", 0.25)]


def test_results_come_with_their_pictures(tmp_path):
    picture = tmp_path / "roc.png"
    cv2.imwrite(str(picture), np.full((8, 8, 3), 200, np.uint8))
    (tmp_path / "metrics.json").write_text("{}")
    files = EventFiles(tmp_path / "tensorboard", {})

    files.results({"test/auc": 0.875}, 4, [picture, tmp_path / "metrics.json"])
    files.close("FINISHED")

    assert scalars(tmp_path / "tensorboard") == [(4, "test/auc", 0.875)]
    assert pictures(tmp_path / "tensorboard") == ["roc"]


def test_the_configuration_is_shown(tmp_path):
    EventFiles(tmp_path / "tensorboard", {"network.name": "resnet50"}).close("FINISHED")

    texts = [
        value.tensor.string_val[0].decode()
        for event in events(tmp_path / "tensorboard")
        for value in event.summary.value
        if value.WhichOneof("value") == "tensor"
    ]
    assert "| network.name | resnet50 |" in texts[0]


def test_files_are_written_without_tensorflow():
    code = "import sys, layer2_train.tensorboard; sys.exit('tensorflow' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_epochs_that_are_told_again_are_written_once(tmp_path):
    files = EventFiles(tmp_path / "tensorboard", {})

    files.points([Point(1, {"loss": 0.5})])
    files.points([Point(1, {"loss": 0.5}), Point(2, {"loss": 0.25})])
    files.close("FINISHED")

    assert scalars(tmp_path / "tensorboard") == [(1, "loss", 0.5), (2, "loss", 0.25)]


def test_a_folder_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(ConfigError, match="tensorboard: expected a file that can be written"):
        EventFiles(tmp_path / "file" / "tensorboard", {})
