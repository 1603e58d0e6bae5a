"""A file that somebody forged takes no memory or time to speak of, and no place to write."""

import io
import json
import zipfile

import numpy as np
import pytest
from sklearn.pipeline import Pipeline as SklearnPipeline
from sklearn.preprocessing import StandardScaler

import eegkit
from eegkit import Pipeline, tensor_file
from eegkit.classifiers import CNNBiGRU
from eegkit.testing import example_trials
from eegkit.transforms import STFT, Cached


@pytest.fixture(scope="module")
def net_file(tmp_path_factory):
    X = np.random.default_rng(0).normal(size=(8, 2, 8, 4)).astype(np.float32)
    net = CNNBiGRU(**CNNBiGRU.conformance_params()).set_params(max_epochs=1, random_state=0)
    path = tmp_path_factory.mktemp("net") / "net.eegkit"
    eegkit.save(net.fit(X, np.arange(8) % 2), path)
    return path.read_bytes()


def forge(data, path, change):
    """The file with another description, sealed as a good one is."""
    description, tensors = tensor_file.read(data, "it")
    change(description, tensors)
    tensor_file.write(path, tensors, json.loads(json.dumps(description)))
    return path


@pytest.mark.parametrize(
    "params",
    [{"n_layers": 2**62}, {"hidden_size": 2**20}, {"hidden_size": 2**13}, {"n_fused": 2**24}],
)
def test_a_net_that_never_ends_or_fills_the_memory(net_file, tmp_path, params):
    def change(description, tensors):
        description["estimator"]["params"] |= params

    path = forge(net_file, tmp_path / "bad", change)
    assert path.stat().st_size < 2e6
    with pytest.raises(ValueError, match=r"far larger than the weights|does not take"):
        eegkit.load(path)


def test_a_text_of_half_a_gigabyte_each(tmp_path):
    eegkit.save(Pipeline([STFT()]), tmp_path / "good")
    node = {"$": "objects", "dtype": "<U500000000", "shape": [2], "items": ["a", "bc"]}

    def change(description, tensors):
        description["estimator"]["state"]["odd_"] = node

    path = forge((tmp_path / "good").read_bytes(), tmp_path / "bad", change)
    loaded = eegkit.load(path).odd_
    assert loaded.tolist() == ["a", "bc"]
    assert loaded.nbytes < 100
    node["dtype"] = "|V500000000"
    with pytest.raises(ValueError, match="is kept as a list"):
        eegkit.load(forge((tmp_path / "good").read_bytes(), tmp_path / "bad", change))


def test_one_array_in_many_places(tmp_path):
    eegkit.save(Pipeline([STFT()]), tmp_path / "good")

    def change(description, tensors):
        tensors["x"] = np.zeros(4)
        node = {"$": "array", "dtype": "<f8", "axes": [0], "tensor": "x"}
        description["estimator"]["state"]["odd_"] = [node, node]

    path = forge((tmp_path / "good").read_bytes(), tmp_path / "bad", change)
    with pytest.raises(ValueError, match="malformed"):
        eegkit.load(path)


def packed(size, inner=False):
    """An archive of so many zeros, or one in an archive as skops keeps sparse matrices."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", bytes(size))
    if not inner:
        return content.getvalue()
    outer = io.BytesIO()
    with zipfile.ZipFile(outer, "w") as archive:
        archive.writestr("matrix.npz", content.getvalue())
    return outer.getvalue()


@pytest.mark.parametrize("inner", [False, True])
def test_an_archive_that_fills_the_memory(tmp_path, inner):
    eegkit.save(StandardScaler().fit(np.eye(3)), tmp_path / "good")

    def change(description, tensors):
        tensors[description["estimator"]["tensor"]] = np.frombuffer(packed(2**26, inner), np.uint8)

    path = forge((tmp_path / "good").read_bytes(), tmp_path / "bad", change)
    with pytest.raises(ValueError, match="would fill the memory"):
        eegkit.load(path)


def test_a_file_chooses_no_folder(tmp_path, net_file):
    X = example_trials().X
    there = tmp_path / "there"
    cached = Cached(STFT(nperseg=32), there).fit(X)
    expected = np.asarray(cached.transform(X))
    pipelines = [
        SklearnPipeline([("c", Cached(STFT(nperseg=32), there))], memory=str(there)),
        Pipeline([Cached(STFT(nperseg=32), str(there))], memory=str(there)),
    ]
    for i, estimator in enumerate([cached, *pipelines]):
        for file in there.iterdir():
            file.unlink()
        eegkit.save(estimator, tmp_path / str(i))
        loaded = eegkit.load(tmp_path / str(i))
        again = loaded.fit(X).transform(X) if i else loaded.transform(X)
        np.testing.assert_allclose(again, expected, rtol=1e-5)
        assert not list(there.iterdir())


def test_nothing_of_optuna_is_called_but_distributions(tmp_path):
    eegkit.save(Pipeline([STFT()]), tmp_path / "good")

    def change(description, tensors):
        node = {"$": "optuna", "name": "json_to_distribution", "params": {"json_str": "{}"}}
        description["estimator"]["state"]["odd_"] = node

    path = forge((tmp_path / "good").read_bytes(), tmp_path / "bad", change)
    with pytest.raises(ValueError, match="'json_to_distribution' is no distribution of Optuna"):
        eegkit.load(path)


@pytest.mark.parametrize("where", ["params", "state"])
def test_a_net_chooses_no_folder(tmp_path, net_file, where):
    def change(description, tensors):
        description["estimator"][where]["checkpoint_dir"] = str(tmp_path / "there")

    assert eegkit.load(forge(net_file, tmp_path / "bad", change)).checkpoint_dir is None


def test_weights_to_begin_with_are_not_forgotten(tmp_path, net_file):
    def change(description, tensors):
        description["estimator"]["params"]["init_weights"] = "weights.safetensors"

    loaded = eegkit.load(forge(net_file, tmp_path / "other", change))
    assert loaded.init_weights == "weights.safetensors"


@pytest.mark.parametrize(
    ("width", "texts"),
    [(900, [""] * 200_000), (10**6, ["x" * 10**6] + [""] * 2_000)],
    ids=["all empty", "one long"],
)
def test_texts_that_fill_the_memory(tmp_path, width, texts):
    eegkit.save(Pipeline([STFT()]), tmp_path / "good")
    node = {"$": "objects", "dtype": f"<U{width}", "shape": [len(texts)], "items": texts}

    def change(description, tensors):
        description["estimator"]["state"]["odd_"] = node

    path = forge((tmp_path / "good").read_bytes(), tmp_path / "bad", change)
    if any(texts):
        with pytest.raises(ValueError, match="would fill the memory"):
            eegkit.load(path)
    else:
        assert eegkit.load(path).odd_.nbytes < 2**25


def test_bytes_in_many_places(tmp_path):
    eegkit.save(Pipeline([STFT()]), tmp_path / "good")

    def change(description, tensors):
        tensors["big"] = np.zeros(1000, np.uint8)
        description["estimator"]["state"]["odd_"] = [{"$": "bytes", "tensor": "big"}] * 2

    path = forge((tmp_path / "good").read_bytes(), tmp_path / "bad", change)
    with pytest.raises(ValueError, match="description is malformed"):
        eegkit.load(path)
