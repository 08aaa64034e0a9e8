from __future__ import annotations

from http.client import IncompleteRead
from urllib.error import URLError

import keras
import numpy as np
import pytest
from keras import applications
from published_weights import Published, set_digest

from common.errors import ConfigError, ContractError, PipelineError
from layer2_train import imagenet
from layer2_train.architectures import NETWORKS, build
from layer2_train.config import NetworkSettings
from layer2_train.weights import load_weights

PUBLISHED = [name for name, listed in NETWORKS.items() if listed.imagenet]
RESNET = NetworkSettings(name="resnet50", weights="imagenet")


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """Keras' folder for this test, which Keras itself asks the environment for once only."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr("keras.src.backend.config._KERAS_DIR", str(tmp_path))
    return tmp_path


class Downloads(list):
    """Stands for Keras' function that downloads: notes what is asked of it, then fails."""

    def __call__(self, fname=None, origin=None, *, file_hash=None, cache_subdir=None, **_):
        self.append((fname, file_hash, cache_subdir))
        raise _as_keras(origin)


def _as_keras(origin):
    """A bare exception that came up while one of the network was handled."""
    error = Exception(f"URL fetch failure on {origin}: no network")
    error.__context__ = URLError("no network")
    return error


@pytest.fixture
def downloads(monkeypatch):
    asked = Downloads()
    monkeypatch.setattr("keras.src.utils.file_utils.get_file", asked)
    return asked


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_table_says_what_keras_asks_for(name, downloads):
    listed = NETWORKS[name].imagenet
    application = getattr(applications, listed.application)

    with pytest.raises(Exception, match="URL fetch failure"):
        application(include_top=False, weights="imagenet", input_shape=(96, 96, 3))

    assert downloads == [(listed.file, listed.digest, "models")]


def test_weights_that_are_absent_are_named_with_what_to_do(home):
    with pytest.raises(ConfigError, match="fetch-weights resnet50") as caught:
        load_weights(build(RESNET, 32), RESNET)

    assert str(home / "models" / NETWORKS["resnet50"].imagenet.file) in str(caught.value)


def test_keras_files_are_below_the_home_without_another_word(monkeypatch, tmp_path):
    monkeypatch.delenv("KERAS_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "somebody"))

    assert imagenet.cached("resnet50").parent == tmp_path / "somebody" / ".keras" / "models"


def test_published_weights_are_taken_by_all_but_the_last_layer_channels_turned(home, monkeypatch):
    published = Published("resnet50", home, monkeypatch)
    own = build(RESNET, 32)

    start = load_weights(own, RESNET)

    assert start.random == ("tumor",)
    assert len(start.taken) == 106
    ours, theirs = (
        np.asarray(network.get_layer("conv1_conv").kernel)
        for network in (own.network, published.network)
    )
    assert np.array_equal(ours, theirs[:, :, ::-1])


def test_a_damaged_file_is_refused():
    path = imagenet.cached("resnet50")
    path.parent.mkdir()
    path.write_bytes(b"half")

    with pytest.raises(ContractError, match="MD5: expected 4d473.*Remove it"):
        load_weights(build(RESNET, 32), RESNET)


def test_weights_of_another_network_are_refused(monkeypatch):
    path = imagenet.cached("resnet50")
    path.parent.mkdir()
    keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)]).save(path)
    set_digest("resnet50", path, monkeypatch)

    with pytest.raises(ContractError, match="weights: expected 318 of resnet50, found 2"):
        load_weights(build(RESNET, 32), RESNET)


def test_without_a_network_it_says_what_could_not_be_had_and_where_it_goes(downloads):
    with pytest.raises(PipelineError) as caught:
        imagenet.fetch_all(["resnet50", "densenet121"])

    for name in ("resnet50", "densenet121"):
        assert str(imagenet.cached(name)) in str(caught.value)
        assert NETWORKS[name].imagenet.digest in str(caught.value)
    assert "no network" in str(caught.value)
    assert len(downloads) == 2


def test_weights_that_are_there_and_whole_are_not_fetched_again(home, monkeypatch, downloads):
    path = imagenet.cached("resnet50")
    path.parent.mkdir()
    path.write_bytes(b"whole")
    set_digest("resnet50", path, monkeypatch)

    assert imagenet.fetch_all(["resnet50"]) == {"resnet50": path}
    assert downloads == []


def test_keras_fetches_a_file_into_its_cache(home, monkeypatch, capsys):
    source = Published("efficientnet_v2b0", home / "elsewhere", monkeypatch).path
    monkeypatch.setenv("KERAS_HOME", str(home))
    module = "keras.src.applications.efficientnet_v2"
    monkeypatch.setattr(f"{module}.BASE_WEIGHTS_PATH", f"{source.parent.as_uri()}/")
    digest = NETWORKS["efficientnet_v2b0"].imagenet.digest
    monkeypatch.setattr(f"{module}.WEIGHTS_HASHES", {"b0": ("", digest)})

    found = imagenet.fetch_all(["efficientnet_v2b0"])["efficientnet_v2b0"]

    assert found == home / "models" / "efficientnetv2-b0_notop.h5"
    assert found.read_bytes() == source.read_bytes()
    assert capsys.readouterr().out == ""


def test_a_connection_that_breaks_off_is_told_as_such(monkeypatch):
    def cut(**_):
        raise IncompleteRead(b"half")

    monkeypatch.setattr(applications, "ResNet50", cut)

    with pytest.raises(PipelineError, match=r"from the network, found: IncompleteRead"):
        imagenet.fetch("resnet50")


def test_a_bug_is_not_taken_for_a_missing_network(monkeypatch, tmp_path):
    def broken(**_):
        try:
            (tmp_path / "absent").read_bytes()
        except OSError:
            raise AttributeError("bug")  # noqa: B904

    monkeypatch.setattr(applications, "ResNet50", broken)

    with pytest.raises(AttributeError):
        imagenet.fetch("resnet50")


@pytest.mark.parametrize(
    ("names", "said"),
    [([], "NAME: expected networks, or --all"), (["resnet50", "googlenet"], "no ImageNet weights")],
)
def test_what_cannot_be_fetched_is_refused_first(names, said, downloads):
    with pytest.raises(ConfigError, match=said):
        imagenet.fetch_all(names)

    assert downloads == []


def test_all_are_those_that_keras_publishes(monkeypatch):
    monkeypatch.setattr(imagenet, "fetch", imagenet.cached)

    assert [*imagenet.fetch_all([], every=True)] == PUBLISHED
