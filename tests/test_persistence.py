import json
import math
import os
import pickle
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path, PurePosixPath

import numpy as np
import pytest
import safetensors
import safetensors.numpy
import skops.io
import torch
from sklearn import config_context
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, RepeatedKFold, StratifiedShuffleSplit
from sklearn.pipeline import Pipeline as SklearnPipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from skorch.callbacks import EpochTimer

import eegkit
from eegkit import Pipeline, SignalArray, registry, tensor_file
from eegkit.classical import MatrixLogarithm
from eegkit.classifiers import CNNBiGRU
from eegkit.evaluation import baselines
from eegkit.persistence import CorruptFileError, _file
from eegkit.testing import example_trials
from eegkit.testing._estimators import fitted, output_of
from eegkit.testing._examples import example_input
from eegkit.transforms import STFT, BandPower, Cached, Standardizer

NAMES = [(kind, name) for kind in ("classifiers", "transforms") for name in registry.names(kind)]
IN_A_NEW_PROCESS = """
import pickle, sys
from pathlib import Path
import numpy as np
import eegkit
from eegkit.testing._estimators import output_of
folder = Path(sys.argv[1])
for path in sorted(folder.glob("*.safetensors")):
    X = pickle.loads(path.with_suffix(".X").read_bytes())
    np.save(path.with_suffix(".npy"), output_of(eegkit.load(path), X))
"""


class Holder(BaseEstimator):
    """Holds one value."""

    def __init__(self, value=None):
        self.value = value


class Mine(TransformerMixin, BaseEstimator):
    """A transformer that is registered nowhere."""

    def __init__(self, factor=2.0):
        self.factor = factor

    def fit(self, X, y=None):
        self.mean_ = np.asarray(X).mean()
        return self

    def transform(self, X):
        return (np.asarray(X) - self.mean_) * self.factor


def tiny_net(**params):
    return CNNBiGRU(**CNNBiGRU.conformance_params()).set_params(
        max_epochs=1, random_state=0, **params
    )


def tiny_pipeline():
    return Pipeline([STFT(sfreq=128.0, nperseg=32, hop=16, f_max=20), tiny_net()])


def quietly(function, *args, **kwargs):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return function(*args, **kwargs)


def completed(transform, X):
    """The transform, with whatever reads its output behind it."""
    shape = np.shape(quietly(clone(transform).fit_transform, X))
    if len(shape) == 4:
        return Pipeline([transform, tiny_net()])
    if len(shape) == 3 and shape[1] == shape[2]:
        return Pipeline([transform, MatrixLogarithm(), LogisticRegression()])
    if len(shape) == 3:
        return Pipeline([transform, STFT(nperseg=16, hop=8), tiny_net()])
    return Pipeline([transform, StandardScaler(), LogisticRegression()])


def example(kind, name):
    cls = registry.get(kind, name)
    estimator = cls(**cls.conformance_params())
    X, y = example_input(estimator)
    if kind == "classifiers":
        return estimator.set_params(max_epochs=1), X, y
    return completed(estimator, X), X, y


@pytest.fixture(scope="module")
def everything(tmp_path_factory):
    """Everything registered: fitted, saved, and loaded by one new process."""
    folder = tmp_path_factory.mktemp("saved")
    expected = {}
    for kind, name in NAMES:
        estimator, X, y = example(kind, name)
        model = fitted(estimator, X, y)
        path = folder / f"{kind}-{name.replace(':', '-')}.safetensors"
        eegkit.save(model, path)
        path.with_suffix(".X").write_bytes(pickle.dumps(X))
        expected[kind, name] = output_of(model, X), path
    subprocess.run(
        [sys.executable, "-c", IN_A_NEW_PROCESS, str(folder)],
        check=True,
        timeout=300,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    return expected


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A small fitted pipeline: its file's bytes, trials, and what it predicts of them."""
    trials = example_trials()
    model = quietly(tiny_pipeline().fit, trials.X, trials.y)
    path = tmp_path_factory.mktemp("small") / "small.safetensors"
    eegkit.save(model, path)
    return path.read_bytes(), trials.X, model.predict_proba(trials.X)


def round_trip(estimator, path, known=()):
    eegkit.save(estimator, path)
    return eegkit.load(path, custom_classes=known)


def rewritten(data, change):
    """The bytes of a file whose description is changed, its digest being right again."""
    description, tensors = _file._read_checked(data, "file")
    change(description)
    return sealed(json.dumps(description), tensors)


def sealed(text, tensors):
    metadata = {"eegkit": text, "blake2b": tensor_file.digest(text, tensors)}
    return safetensors.numpy.save(tensors, metadata=metadata)


def loaded(data):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(data)
        return eegkit.load(path)


@pytest.mark.parametrize(("kind", "name"), NAMES)
def test_a_new_process_predicts_the_same(everything, kind, name):
    expected, path = everything[kind, name]
    np.testing.assert_array_equal(np.load(path.with_suffix(".npy")), expected)


@pytest.mark.parametrize(("kind", "name"), NAMES)
def test_unfitted(tmp_path, kind, name):
    cls = registry.get(kind, name)
    estimator = cls(**cls.conformance_params())
    made = round_trip(estimator, tmp_path / "file")
    assert type(made) is cls
    assert repr(made.get_params()) == repr(estimator.get_params())


def test_bare_transforms_and_caches(tmp_path):
    X = example_trials().X
    cached = Cached(Pipeline([Standardizer(), STFT(nperseg=32)]), tmp_path / "cache").fit(X)
    made = round_trip(cached, tmp_path / "file")
    np.testing.assert_array_equal(made.transform(X), cached.transform(X))
    assert made.folder is None
    made.set_params(folder=tmp_path / "again").transform(X)
    assert len(list((tmp_path / "again").iterdir())) == 1


def test_pipelines_of_scikit_learn(tmp_path):
    trials = example_trials()
    steps = [("power", BandPower()), ("scale", StandardScaler()), ("clf", LogisticRegression())]
    model = SklearnPipeline(steps).fit(trials.X, trials.y)
    made = round_trip(model, tmp_path / "file")
    assert type(made) is SklearnPipeline
    np.testing.assert_array_equal(made.predict_proba(trials.X), model.predict_proba(trials.X))
    scaler = StandardScaler().fit(np.arange(6.0).reshape(3, 2))
    np.testing.assert_array_equal(round_trip(scaler, tmp_path / "file").scale_, scaler.scale_)


def test_what_the_file_says(small):
    data, _, _ = small
    description, _ = _file._read_checked(data, "file")
    assert description["input"] == {
        "shape": [3, 96],
        "ch_names": ["C3", "Cz", "C4"],
        "sfreq": 128.0,
        "preparation": None,
        "classes": ["rest", "task"],
    }
    assert set(description["versions"]) == {"eegkit", "numpy", "scikit-learn", "torch"}
    names = safetensors.numpy.load(data)
    weights = [name for name in names if "_weights." in name]
    assert len(weights) > 5
    assert all(name.startswith("steps.cnn_bigru.") for name in weights)


def test_a_plugin_is_named_by_its_distribution(everything):
    pytest.importorskip("eegkit_convnets")
    _, path = everything["classifiers", "eegnet"]
    description, _ = _file._read_checked(path.read_bytes(), "file")
    assert description["estimator"]["class"] == {
        "kind": "classifiers",
        "name": "eegnet",
        "distribution": "eegkit-convnets",
    }
    assert "eegkit-convnets" in description["versions"]


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        -3,
        2**70,
        0.1,
        -0.0,
        math.inf,
        -math.inf,
        1e16,
        complex(1, -math.inf),
        "Grüße \ud800 \x00",
        b"\x00\xff",
        b"",
        [],
        [1, [2.0, "3"]],
        (1, (), ("a", 2)),
        {"b": 1, "a": {2: "x", (1, "y"): None, None: 1.5, True: 0}},
        {"$": "tuple"},
        slice(None, 3, 2),
        np.float32(0.1),
        np.int8(-3),
        np.str_("C3"),
        np.bool_(True),
        np.complex64(1 + 2j),
        np.dtype("float32"),
        np.dtype("<U4"),
        Path("a/b"),
    ],
    ids=repr,
)
def test_values(tmp_path, value):
    made = round_trip(Holder(value), tmp_path / "file", [Holder]).value
    assert type(made) is type(value)
    assert repr(made) == repr(value)


def test_not_a_number(tmp_path):
    assert math.isnan(round_trip(Holder(math.nan), tmp_path / "file", [Holder]).value)


@pytest.mark.parametrize(
    "dtype", ["?", "i1", "u2", ">i4", "u8", "f2", "f4", "f8", ">f8", "c8", "c16"]
)
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 3), (2, 3, 4)])
def test_arrays(tmp_path, dtype, shape):
    values = np.arange(math.prod(shape)).reshape(shape) / 7
    array = np.asarray(values - 2j * values if dtype.startswith("c") else values, dtype)
    made = round_trip(Holder(array), tmp_path / "file", [Holder]).value
    assert made.dtype == array.dtype
    assert made.shape == array.shape
    assert made.tobytes() == array.tobytes()
    assert made.flags.writeable
    assert made.flags.owndata


def test_arrays_keep_their_order_in_memory(tmp_path):
    array = np.arange(24.0).reshape(2, 3, 4)
    for axes in ((0, 1, 2), (2, 1, 0), (1, 2, 0)):
        made = round_trip(Holder(array.transpose(axes)), tmp_path / "file", [Holder]).value
        np.testing.assert_array_equal(made, array.transpose(axes))
        assert made.strides == array.transpose(axes).strides
    for view in (array[:, ::2], array[::-1], np.broadcast_to(array[:, :1], array.shape)):
        made = round_trip(Holder(view), tmp_path / "file", [Holder]).value
        np.testing.assert_array_equal(made, view)


@pytest.mark.parametrize(
    "array",
    [
        np.array([["rest", "task"]]),
        np.array(["rest", None, 3], dtype=object),
        np.array([b"a", b"bc"]),
        np.array("C3"),
        np.array([], dtype="U3"),
    ],
)
def test_arrays_of_strings_and_objects(tmp_path, array):
    made = round_trip(Holder(array), tmp_path / "file", [Holder]).value
    assert made.dtype == array.dtype
    assert made.shape == array.shape
    assert made.tolist() == array.tolist()


def test_signals_and_memmaps(tmp_path):
    X = example_trials().X
    made = round_trip(Holder(X), tmp_path / "file", [Holder]).value
    assert isinstance(made, SignalArray)
    assert (made.sfreq, made.ch_names) == (X.sfreq, X.ch_names)
    np.testing.assert_array_equal(made.groups, X.groups)
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    made = round_trip(Holder(mapped), tmp_path / "file", [Holder]).value
    assert type(made) is np.ndarray
    np.testing.assert_array_equal(made, X)


def test_names_of_tensors_do_not_clash(tmp_path):
    value = {"a.b": np.zeros(1), "a": {"b": np.ones(2)}, "__metadata__": np.ones(3)}
    made = round_trip(Holder(value), tmp_path / "file", [Holder]).value
    assert [len(made["a.b"]), len(made["a"]["b"]), len(made["__metadata__"])] == [1, 2, 3]


@pytest.mark.parametrize(
    "splitter",
    [
        GroupKFold(4),
        StratifiedShuffleSplit(2, test_size=0.3, random_state=1),
        RepeatedKFold(n_splits=3, n_repeats=2, random_state=0),
    ],
    ids=repr,
)
def test_splitters(tmp_path, splitter):
    made = round_trip(tiny_net(validation_split=splitter), tmp_path / "file").validation_split
    assert repr(made) == repr(splitter)
    X, y = np.zeros((12, 1)), np.arange(12) % 2
    groups = np.arange(12) % 4 if isinstance(splitter, GroupKFold) else None
    first, second = (list(s.split(X, y, groups)) for s in (made, splitter))
    assert repr(first) == repr(second)


def test_random_states(tmp_path):
    state = np.random.RandomState(3)
    state.normal()
    made = round_trip(tiny_net().set_params(random_state=state), tmp_path / "file").random_state
    np.testing.assert_array_equal(made.normal(size=5), state.normal(size=5))


def test_metadata_requests(tmp_path):
    with config_context(enable_metadata_routing=True):
        net = tiny_net().set_fit_request(groups=True)
        made = round_trip(net, tmp_path / "file")
        for same in (made, clone(made)):
            requests = same.get_metadata_routing().fit.requests
            assert requests["groups"] is True
            assert requests == net.get_metadata_routing().fit.requests


def test_a_loaded_net_can_be_fitted_again(small):
    data, X, expected = small
    y = example_trials().y
    again = quietly(loaded(data).fit, X, y)
    np.testing.assert_array_equal(again.predict_proba(X), expected)


@pytest.mark.parametrize("name", baselines())
def test_the_classical_decoders(tmp_path, name):
    trials = example_trials()
    decoder = baselines()[name].fit(trials.X, trials.y)
    eegkit.save(decoder, tmp_path / name)
    told, _ = tensor_file.read((tmp_path / name).read_bytes(), name)
    assert told["input"]["sfreq"] == trials.sfreq
    assert told["input"]["ch_names"] == list(trials.ch_names)
    loaded = eegkit.load(tmp_path / name)
    np.testing.assert_array_equal(loaded.predict_proba(trials.X), decoder.predict_proba(trials.X))


def test_pyriemann_that_is_not_here(tmp_path, monkeypatch):
    eegkit.save(baselines()["csp+lda"], tmp_path / "csp")
    monkeypatch.setitem(sys.modules, "pyriemann.estimation", None)
    with pytest.raises(ValueError, match=r"Covariances is of pyRiemann.*'eegkit\[riemann\]'"):
        eegkit.load(tmp_path / "csp")


def test_classes_that_are_not_registered(tmp_path):
    path, X = tmp_path / "file", example_trials().X
    model = Pipeline([Mine(factor=3.0), STFT(sfreq=128.0, nperseg=32)]).fit(X)
    eegkit.save(model, path)
    with pytest.raises(ValueError, match=r"file cannot be loaded.*Mine.*custom_classes=\[Mine\]"):
        eegkit.load(path)
    made = eegkit.load(path, custom_classes=[Mine, Holder])
    np.testing.assert_array_equal(made.transform(X), model.transform(X))
    with pytest.raises(ValueError, match="two classes named Mine"):
        eegkit.load(path, custom_classes=[Mine, type("Mine", (), {})])
    with pytest.raises(ValueError, match="expected classes"):
        eegkit.load(path, custom_classes=[Mine()])


@pytest.mark.parametrize(
    ("estimator", "message"),
    [
        (tiny_net(callbacks=(EpochTimer(),)), r"parameter callbacks, item 0.*set callbacks=\(\)"),
        (Holder(lambda: 0), r"parameter value, is a builtins\.function.*turn it into"),
        (Holder({"a": torch.zeros(2)}), r"parameter value, key a, is a torch\.Tensor"),
        (Pipeline([("one", Holder(object()))]), r"step one, parameter value, is a builtins\.obj"),
        (Holder(np.zeros(2, dtype="f4,f4")), "has no place in the file"),
        (Holder(np.zeros(2, dtype="M8[s]")), r"datetime64\[s\], has no place"),
        (Holder(PurePosixPath), "is a builtins.type"),
        (3, "estimator is a int; expected an estimator"),
    ],
)
def test_what_cannot_be_saved(tmp_path, estimator, message):
    with pytest.raises(ValueError, match=message):
        eegkit.save(estimator, tmp_path / "file")
    assert not list(tmp_path.iterdir())


def test_what_holds_itself_cannot_be_saved(tmp_path):
    loop = []
    loop.append(loop)
    with pytest.raises(ValueError, match="holds itself"):
        eegkit.save(Holder(loop), tmp_path / "file")


def test_skops_trusts_only_its_own(tmp_path, monkeypatch):
    with pytest.raises(ValueError, match=r"does not trust.*CNNBiGRU.*in a Pipeline"):
        eegkit.save(CalibratedClassifierCV(tiny_net()), tmp_path / "file")
    with monkeypatch.context() as patch:
        patch.setattr(skops.io, "get_untrusted_types", lambda data: [])
        eegkit.save(FunctionTransformer(os.system), tmp_path / "file")
    with pytest.raises(ValueError, match=r"file cannot be loaded.*does not trust: .*system"):
        eegkit.load(tmp_path / "file")


def test_without_skops(tmp_path, monkeypatch):
    eegkit.save(StandardScaler(), tmp_path / "file")
    monkeypatch.setitem(sys.modules, "skops", None)
    for call in (
        lambda: eegkit.save(StandardScaler(), tmp_path / "other"),
        lambda: eegkit.load(tmp_path / "file"),
    ):
        with pytest.raises(ImportError, match=r"pip install 'eegkit\[skops\]'"):
            call()


def test_a_plugin_that_is_not_here(small, monkeypatch):
    data, _, _ = small

    def rename(description):
        steps = description["estimator"]["params"]["steps"]
        reference = steps[1]["items"][1]["class"]
        reference |= {"name": "far_net", "distribution": "eegkit-far"}
        description["versions"]["eegkit-far"] = "1.2"

    message = r"'far_net'.*'eegkit-far' is not installed here.*version 1\.2.*pip install eegkit-far"
    with pytest.raises(ValueError, match=message):
        loaded(rewritten(data, rename))
    monkeypatch.setenv("EEGKIT_NO_PLUGINS", "1")
    with pytest.raises(ValueError, match="EEGKIT_NO_PLUGINS is set"):
        loaded(rewritten(data, rename))


def test_weights_that_no_longer_fit(small):
    data, _, _ = small

    def widen(description):
        steps = description["estimator"]["params"]["steps"]
        steps[1]["items"][1]["params"]["hidden_size"] = 24

    with pytest.raises(ValueError, match=r"CNNBiGRU does not take what was saved.*fit again"):
        loaded(rewritten(data, widen))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.update(format_version=2), "format version 2.*reads up to 1.*Upgrade"),
        (lambda d: d.update(format_version=0), "format version is 0"),
        (lambda d: d.pop("estimator"), "malformed"),
        (lambda d: d["estimator"].pop("class"), "malformed"),
        (lambda d: d.update(estimator={"$": "call"}), "unknown kind 'call'"),
        (lambda d: d["estimator"]["class"].update(kind="modules"), "expected one of"),
        (
            lambda d: d["estimator"].update(
                {"class": {"kind": "unregistered", "name": "antigravity"}}
            ),
            "not registered",
        ),
        (
            lambda d: d.update(estimator={"$": "splitter", "name": "GridSearchCV", "params": {}}),
            "none of scikit-learn's splitters",
        ),
    ],
)
def test_descriptions_that_save_never_writes(small, change, message):
    with pytest.raises(ValueError, match=message):
        loaded(rewritten(small[0], change))


@pytest.mark.parametrize(
    "content",
    [b"", b"a text", b"\x80\x04N.", safetensors.numpy.save({"a": np.zeros(3)}), b"\xff" * 64],
    ids=["empty", "text", "pickle", "other tensors", "huge header"],
)
def test_foreign_files(tmp_path, content):
    path = tmp_path / "foreign.bin"
    path.write_bytes(content)
    with pytest.raises(CorruptFileError, match=r"foreign\.bin is cut off.*no file of eegkit's"):
        eegkit.load(path)
    with pytest.raises(FileNotFoundError, match=r"no file .*forein\.bin; did you mean 'foreign"):
        eegkit.load(tmp_path / "forein.bin")
    with pytest.raises(ValueError, match="is a folder; expected the file of a saved estimator"):
        eegkit.load(tmp_path)


def test_a_recording_is_no_decoder(tmp_path):
    path = tmp_path / "new.edf"
    path.write_bytes(b"0       ")
    with pytest.raises(CorruptFileError, match=r"new\.edf is a recording .*decoder, which comes f"):
        eegkit.load(path)


def spoilt(data, rng):
    """The bytes of a file after an accident."""
    what, where = rng.integers(8), int(rng.integers(len(data)))
    n_header = 8 + int.from_bytes(data[:8], "little")
    if what == 0:
        return data[:where]
    if what == 1:
        return data + rng.bytes(int(rng.integers(1, 9)))
    if what == 2:
        return data[:where] + data[where + 1 :]
    if what == 3:
        return data[:where] + rng.bytes(16) + data[where + 16 :]
    if what in (4, 5):  # what says where things are, and what they are
        where = int(rng.integers(n_header))
    elif what == 6:
        where = int(rng.integers(8))
    return data[:where] + rng.bytes(1) + data[where + 1 :]


def test_damage_is_told(small):
    data, X, expected = small
    rng = np.random.default_rng(0)
    modules = set(sys.modules)
    n_refused = 0
    for _ in range(4000):
        damaged = spoilt(data, rng)
        try:
            made = loaded(damaged)
        except ValueError:
            n_refused += 1
        else:
            np.testing.assert_array_equal(made.predict_proba(X), expected)
            assert damaged == data or len(damaged) == len(data)
    assert n_refused > 3900
    assert set(sys.modules) == modules


def test_forgery_runs_nothing(small):
    """Descriptions changed at random, with a right digest: they load, or are refused."""
    data, _, _ = small
    rng = np.random.default_rng(0)
    description, tensors = _file._read_checked(data, "file")
    text = json.dumps(description)
    start = text.index('"estimator"')
    modules = set(sys.modules)
    n_refused = 0
    for _ in range(200):
        where = int(rng.integers(start, len(text)))
        forged = text[:where] + chr(rng.integers(32, 127)) + text[where + 1 :]
        try:
            loaded(sealed(forged, tensors))
        except ValueError:
            n_refused += 1
    assert n_refused > 50
    assert set(sys.modules) == modules


@pytest.mark.parametrize("step", ["write", "fsync", "replace"])
def test_a_save_that_fails_leaves_the_old_file(tmp_path, monkeypatch, step):
    path = tmp_path / "model.safetensors"
    eegkit.save(STFT(nperseg=32), path)

    def fail(*args, **kwargs):
        raise OSError("no space left")

    def write_half(path, tensors, metadata):
        path.write_bytes(safetensors.numpy.save(tensors, metadata=metadata)[:50])
        fail()

    if step == "write":
        monkeypatch.setattr(tensor_file, "_write", write_half)
    else:
        monkeypatch.setattr(os, step, fail)
    with pytest.raises(OSError, match="no space left"):
        eegkit.save(STFT(nperseg=64), path)
    monkeypatch.undo()
    assert eegkit.load(path).nperseg == 32
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_saving_over_a_file(tmp_path):
    path = tmp_path / "model.safetensors"
    for nperseg in (32, 64):
        eegkit.save(STFT(nperseg=nperseg), str(path))
        assert eegkit.load(str(path)).nperseg == nperseg
