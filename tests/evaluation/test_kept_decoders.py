"""`evaluate(..., keep_decoders=True)`: the decoder of every fold, in memory and in the store."""

import pickle
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

import eegkit
from eegkit import Results, Trials, evaluate
from eegkit.evaluation import join_results
from eegkit.pipeline import make_pipeline
from eegkit.tensor_file import CorruptFileError
from eegkit.transforms import BandPower


class LogPower(ClassifierMixin, BaseEstimator):
    """A class registered nowhere, that leaves a file for each fit and draws by no seed."""

    def __init__(self, folder=None, held=None, random_state=None):
        self.folder = folder
        self.held = held
        self.random_state = random_state

    def fit(self, X, y):
        Path(self.folder, f"fit-{len(list(Path(self.folder).iterdir()))}").touch()
        self.net_ = LogisticRegression().fit(self._power(X), y)
        self.classes_ = self.net_.classes_
        self.people_ = np.unique(X.groups)
        self.draw_ = np.random.default_rng(self.random_state).normal()
        self.held_ = open if self.held == "a function" else None
        return self

    def predict_proba(self, X):
        return self.net_.predict_proba(self._power(X))

    def predict(self, X):
        return self.net_.predict(self._power(X))

    def _power(self, X):
        return np.log(np.var(np.asarray(X), axis=2))


@pytest.fixture(scope="module")
def trials():
    rng = np.random.default_rng(0)
    y = np.tile(["rest", "task"], 18)
    X = rng.normal(size=(36, 3, 32))
    X[y == "task"] *= 1.5
    return Trials.from_arrays(X, y, sfreq=64, subject=np.repeat(list("abcdef"), 6))


@pytest.fixture
def fits(tmp_path):
    (tmp_path / "fits").mkdir()
    return tmp_path / "fits"


def n_files(folder, pattern="*"):
    return len(list(folder.glob(pattern)))


def draws(results, **which):
    return [decoder.draw_ for decoder in results.decoders(**which).values()]


def assert_answers(results, trials, **which):
    """Every decoder gives the answers that the results have of its fold, to people new to it."""
    predictions = results.predictions(**which)
    for fold, decoder in results.decoders(**which).items():
        rows = predictions[predictions.fold == fold]
        assert not set(rows.subject) & set(decoder.people_)
        proba = decoder.predict_proba(trials[rows.trial].X)
        np.testing.assert_allclose(proba, rows.proba, rtol=1e-5)


def test_the_decoder_of_every_fold_and_seed(trials, fits):
    pipeline = LogPower(fits, random_state=3)
    results = evaluate(pipeline, trials, cv="group-2", keep_decoders=True, n_seeds=2, twin=True)
    assert list(results.decoders()) == [0, 1]
    assert_answers(results, trials)
    assert_answers(results, trials, seed=1)
    assert [d.random_state for d in results.decoders(seed=1).values()] == [4] * 2
    again = pickle.loads(pickle.dumps(results))
    assert draws(again) == draws(results)


def test_other_processes_send_them_back(trials, fits):
    results = evaluate(LogPower(fits), trials, cv="group-2", keep_decoders=True, n_jobs=2)
    assert_answers(results, trials)


def test_selected_and_joined_with_what_they_belong_to(trials, fits):
    runs = {
        name: evaluate(
            {"same": LogPower(fits), name: LogPower(fits)}, trials, cv="group-2", keep_decoders=True
        )
        for name in ("one", "two")
    }
    joined = join_results(runs)
    assert draws(joined, pipeline="same (two)") == draws(runs["two"], pipeline="same")
    selection = joined.select(pipeline="one")
    assert draws(selection) == draws(runs["one"], pipeline="one")
    assert len(selection._decoders) == 2


def test_results_without_say_how_to_get_them(trials, fits, tmp_path):
    without = evaluate(LogPower(fits), trials, cv="group-2")
    with pytest.raises(ValueError, match=r"hold no decoders of 'logpower'.*keep_decoders=True"):
        without.decoders()
    results = evaluate(LogPower(fits), trials, cv="group-2", keep_decoders=True)
    results.save(tmp_path / "results.safetensors")
    loaded = Results.load(tmp_path / "results.safetensors")
    assert loaded.table.equals(results.table)
    with pytest.raises(ValueError, match="file of results holds none"):
        loaded.decoders()
    with pytest.raises(ValueError, match="seed is 1; 'logpower' was fitted with seed 0"):
        results.decoders(seed=1)
    with pytest.raises(ValueError, match="pipeline is 'other'"):
        results.decoders("other")
    with pytest.raises(ValueError, match="keep_decoders"):
        evaluate(LogPower(fits), trials, keep_decoders="yes")


def test_a_fold_that_fails_has_none(trials, fits):
    class Fails(LogPower):
        def fit(self, X, y):
            if "a" not in X.groups:
                raise RuntimeError("nobody is named a")
            return super().fit(X, y)

    with pytest.warns(UserWarning, match="failed"):
        results = evaluate(Fails(fits), trials, cv="loso", keep_decoders=True)
    assert list(results.decoders()) == [1, 2, 3, 4, 5]


def test_the_store_gives_them_back(trials, fits, tmp_path):
    options = {"cv": "group-3", "store": tmp_path / "store", "keep_decoders": True}
    first = evaluate(LogPower(fits), trials, **options)
    second = evaluate({"renamed": LogPower(fits)}, trials, **options)
    assert n_files(fits) == 3
    assert draws(second) == draws(first)
    assert_answers(second, trials)
    path = next((tmp_path / "store").glob("decoder-*"))
    assert isinstance(eegkit.load(path, [LogPower]), LogPower)


def test_only_what_was_kept_without_is_fitted_again(trials, fits, tmp_path):
    options = {"cv": "group-3", "store": tmp_path}
    evaluate(LogPower(fits), trials, **options)
    kept = evaluate(LogPower(fits), trials, keep_decoders=True, **options)
    assert n_files(fits) == 6
    assert_answers(kept, trials)
    next(tmp_path.glob("decoder-*")).unlink()
    again = evaluate(LogPower(fits), trials, keep_decoders=True, **options)
    assert n_files(fits) == 7
    assert sum(a == b for a, b in zip(draws(kept), draws(again), strict=True)) == 2
    evaluate(LogPower(fits), trials, **options)
    assert n_files(fits) == 7, "nor is a fold fitted for what nobody asks for"


def test_what_cannot_be_saved_is_told_and_fitted_again(trials, fits, tmp_path):
    options = {"cv": "group-3", "store": tmp_path, "keep_decoders": True}
    for n_fits in (3, 6):
        with pytest.warns(UserWarning, match=r"decoders of 'logpower' cannot be saved.*held_"):
            results = evaluate(LogPower(fits, held="a function"), trials, **options)
        assert n_files(fits) == n_fits
        assert_answers(results, trials)
    assert not n_files(tmp_path, "decoder-*")


@pytest.mark.parametrize("how", ["torn", "another's", "no file of eegkit's"])
def test_a_file_that_is_not_the_one_is_named(trials, fits, tmp_path, how):
    options = {"cv": "group-3", "store": tmp_path, "keep_decoders": True}
    evaluate(LogPower(fits), trials, **options)
    one, other, _ = sorted(tmp_path.glob("decoder-*"))
    content = {
        "torn": one.read_bytes()[:-3],
        "another's": other.read_bytes(),
        "no file of eegkit's": b"PK\x03\x04 no decoder",
    }
    one.write_bytes(content[how])
    with pytest.raises(CorruptFileError, match=f"{one.name}.*Remove the file"):
        evaluate(LogPower(fits), trials, **options)


def test_a_run_that_ends_between_a_decoder_and_its_record(trials, fits, tmp_path, monkeypatch):
    options = {"cv": "group-3", "store": tmp_path}
    evaluate(LogPower(fits), trials, **options)

    def stopped(*args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("eegkit.evaluation.running.store.tensor_file.write", stopped)
        with pytest.raises(KeyboardInterrupt):
            evaluate(LogPower(fits), trials, keep_decoders=True, **options)
    assert_answers(evaluate(LogPower(fits), trials, keep_decoders=True, **options), trials)


def test_decoders_without_probabilities(trials, tmp_path):
    pipeline = make_pipeline(BandPower(bands={"beta": (13, 30)}), LinearSVC())
    options = {"cv": "group-2", "store": tmp_path, "keep_decoders": True}
    for _ in range(2):
        results = evaluate(pipeline, trials, **options)
        assert [type(d.steps[-1][1]) for d in results.decoders().values()] == [LinearSVC] * 2
