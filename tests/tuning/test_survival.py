"""Searches that are killed, shared, interrupted, or kept where nothing can be."""

import multiprocessing
import os
import signal
import time
from pathlib import Path

import numpy as np
import optuna
import pandas as pd
import pytest
from scipy.stats import loguniform
from sklearn.base import BaseEstimator, ClassifierMixin

from eegkit.parameters import ParameterError
from eegkit.tuning import TunedClassifier
from eegkit.tuning.storage import Claims, attempts, quiet

POSIX = pytest.mark.skipif(os.name != "posix", reason="forks")
N_TRIALS = 8


class Threshold(ClassifierMixin, BaseEstimator):
    """Writes a file for each fit, and takes SLOW_S for it."""

    def __init__(self, level=0.0):
        self.level = level

    def fit(self, X, y):
        time.sleep(float(os.environ.get("SLOW_S", "0")))
        if "FITS" in os.environ:
            Path(os.environ["FITS"], f"{self.level:.17g} {time.monotonic_ns()}").touch()
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return self.classes_[(np.log10(self.level) + X[:, 0] > 0).astype(int)]


def data():
    rng = np.random.default_rng(0)
    y = np.tile(["rest", "task"], 40)
    X = rng.normal(size=(80, 2))
    X[:, 0] += y == "task"
    return X, y, np.repeat(np.arange(8), 10)


def search(storage=None, **options):
    options = {"cv": "group-4", "n_trials": N_TRIALS, "random_state": 0} | options
    space = {"level": loguniform(1e-3, 1e3)}
    return TunedClassifier(Threshold(), space, storage=storage, **options)


def run(storage, out, options):
    X, y, groups = data()
    model = search(storage, **options).fit(X, y, groups=groups)
    model.trials_.drop(columns="fit_time_s").to_csv(out)


def start(storage, out, **options):
    process = multiprocessing.get_context("fork").Process(target=run, args=(storage, out, options))
    process.start()
    return process


def n_finished(storage):
    if not storage.exists():
        return 0
    with quiet():
        backend = optuna.storages.journal.JournalFileBackend(str(storage))
        journal = optuna.storages.JournalStorage(backend)
        names = optuna.get_all_study_names(journal)
        studies = [optuna.load_study(study_name=name, storage=journal) for name in names]
        return sum(t.state.is_finished() for study in studies for t in attempts(study).values())


@POSIX
def test_killed_at_any_moment_it_goes_on(tmp_path, monkeypatch):
    """SIGKILL at 10 random moments: the end is the same, and what was finished is not redone."""
    run(None, tmp_path / "expected.csv", {})
    fits, storage = tmp_path / "fits", tmp_path / "study"
    fits.mkdir()
    monkeypatch.setenv("FITS", str(fits))
    monkeypatch.setenv("SLOW_S", "0.02")
    rng = np.random.default_rng(0)
    n_kept = 0
    for _ in range(10):
        process = start(storage, tmp_path / "killed.csv")
        enough = len(list(fits.iterdir())) + rng.integers(0, 10)  # now and then none
        while len(list(fits.iterdir())) < enough and process.is_alive():
            time.sleep(0.002)
        time.sleep(rng.uniform(0, 0.03))
        process.kill()
        process.join()
        kept, n_kept = n_kept, n_finished(storage)
        assert n_kept >= kept
    assert n_kept >= 2, "the kills came too early to show anything"
    monkeypatch.setenv("SLOW_S", "0")
    n_before = n_finished(storage)
    for path in fits.iterdir():
        path.unlink()
    run(storage, tmp_path / "end.csv", {})
    tables = [pd.read_csv(tmp_path / name) for name in ("expected.csv", "end.csv")]
    pd.testing.assert_frame_equal(*tables)
    levels = {float(path.name.split()[0]) for path in fits.iterdir()}
    finished = set(tables[0]["level"][:n_before])
    assert levels & finished <= {tables[0]["level"][tables[0]["score"].idxmax()]}  # the last fit


@POSIX
def test_two_processes_share_a_search_and_one_is_killed(tmp_path, monkeypatch):
    fits, storage = tmp_path / "fits", tmp_path / "study"
    fits.mkdir()
    monkeypatch.setenv("FITS", str(fits))
    monkeypatch.setenv("SLOW_S", "0.05")
    first, second = (start(storage, tmp_path / f"{i}.csv", pruner=None) for i in range(2))
    while len(list(fits.iterdir())) < 6:
        time.sleep(0.01)
    first.kill()
    first.join()
    second.join(120)
    assert second.exitcode == 0
    assert first.exitcode == -signal.SIGKILL
    table = pd.read_csv(tmp_path / "1.csv")
    assert table["trial"].tolist() == list(range(N_TRIALS))
    assert (table["state"] == "whole").all()
    # Every setting was fitted on its folds once, but for that which the killed one had in work.
    counts = pd.Series([path.name.split()[0] for path in fits.iterdir()]).value_counts()
    assert len(counts) == N_TRIALS
    assert (counts > 4 + 1).sum() <= 1


@POSIX
def test_two_processes_try_no_more_settings_than_one(tmp_path):
    both = [start(tmp_path / "study", tmp_path / f"{i}.csv") for i in range(2)]
    for process in both:
        process.join(120)
        assert process.exitcode == 0
    tables = [pd.read_csv(tmp_path / f"{i}.csv") for i in range(2)]
    pd.testing.assert_frame_equal(*tables)
    assert len(tables[0]) == N_TRIALS
    assert not list((tmp_path / "study.locks").glob("*[0-9].lock"))


def test_a_finished_search_is_not_made_again_and_may_be_made_longer(tmp_path, monkeypatch):
    X, y, groups = data()
    first = search(tmp_path / "study").fit(X, y, groups=groups)
    (tmp_path / "fits").mkdir()
    monkeypatch.setenv("FITS", str(tmp_path / "fits"))
    again = search(tmp_path / "study").fit(X, y, groups=groups)
    assert len(list((tmp_path / "fits").iterdir())) == 1  # on all trials
    assert again.trials_.equals(first.trials_)
    longer = search(tmp_path / "study", n_trials=N_TRIALS + 2).fit(X, y, groups=groups)
    assert longer.trials_[:N_TRIALS].equals(first.trials_)
    assert len(longer.trials_) == N_TRIALS + 2


def test_an_entry_that_a_dying_process_left_half_written_is_none(tmp_path):
    X, y, groups = data()
    first = search(tmp_path / "study").fit(X, y, groups=groups)
    with (tmp_path / "study").open("ab") as file:
        file.write(b'{"op_code": 4, "wor')
    again = search(tmp_path / "study", n_trials=N_TRIALS + 1).fit(X, y, groups=groups)
    assert again.trials_[:N_TRIALS].equals(first.trials_)
    assert search(tmp_path / "study").fit(X, y, groups=groups).trials_.equals(again.trials_)


def test_a_database_keeps_a_search(tmp_path):
    X, y, groups = data()
    url = f"sqlite:///{tmp_path / 'study.db'}"
    first = search(url, n_trials=3).fit(X, y, groups=groups)
    again = search(url, n_trials=3).fit(X, y, groups=groups)
    assert again.trials_.equals(first.trials_)
    alone = search(n_trials=3).fit(X, y, groups=groups)
    assert alone.trials_["score"].tolist() == first.trials_["score"].tolist()


def test_who_is_silent_for_long_in_a_database_is_dead(tmp_path, monkeypatch):
    url = f"sqlite:///{tmp_path / 'study.db'}"
    with quiet():
        study = optuna.create_study(storage=url)
        here, other = Claims(study, url), Claims(study, url)
        trial = study.ask()
        other.claim(trial)
        [frozen] = study.get_trials()
        assert not here.is_dead(frozen)
        assert not other.is_dead(frozen)
        monkeypatch.setattr("eegkit.tuning.storage.SILENCE_S", -1.0)
        assert here.is_dead(frozen)
        assert not other.is_dead(frozen)
        here.close()
        other.close()


def test_other_trials_space_or_decoder_are_another_search(tmp_path):
    X, y, groups = data()
    search(tmp_path / "study", study_name="a").fit(X, y, groups=groups)
    changes = {
        "trials": (search(tmp_path / "study", study_name="a"), X + 1),
        "space": (
            search(tmp_path / "study", study_name="a").set_params(space={"level": [1.0]}), X,
        ),
        "folds": (search(tmp_path / "study", study_name="a", cv="group-2"), X),
        "metric": (search(tmp_path / "study", study_name="a", scoring="accuracy"), X),
        "way of stopping": (search(tmp_path / "study", study_name="a", pruner=None), X),
    }  # fmt: skip
    for part, (model, signals) in changes.items():
        with pytest.raises(
            ParameterError, match=f"The study 'a' in this storage is of another {part}"
        ):
            model.fit(signals, y, groups=groups)
        model.set_params(study_name=None).fit(signals, y, groups=groups)  # beside the other


def test_a_storage_that_cannot_be_written_to(tmp_path):
    X, y, groups = data()
    (tmp_path / "file").write_text("")
    for storage in (tmp_path / "file" / "study", tmp_path, "nosuch://server/db", "/proc/study"):
        with pytest.raises(ParameterError, match="where no study can be kept"):
            search(storage).fit(X, y, groups=groups)


def test_interrupted_it_says_how_to_go_on(tmp_path, monkeypatch):
    X, y, groups = data()
    n_fits = 0

    def interrupt(self, X, y):
        nonlocal n_fits
        n_fits += 1
        if n_fits == 10:
            raise KeyboardInterrupt
        self.classes_ = np.unique(y)
        return self

    expected = search().fit(X, y, groups=groups)
    with monkeypatch.context() as patched:
        patched.setattr(Threshold, "fit", interrupt)
        model = search(tmp_path / "study")
        with pytest.raises(KeyboardInterrupt) as interruption:
            model.fit(X, y, groups=groups)
    assert "the same call goes on there" in interruption.value.__notes__[0]
    assert n_finished(tmp_path / "study") >= 2
    with monkeypatch.context() as patched:  # an edited decoder is another
        patched.setattr(Threshold, "fit", interrupt)
        model = search(tmp_path / "study").fit(X, y, groups=groups)
    pd.testing.assert_frame_equal(
        model.trials_.drop(columns="fit_time_s"), expected.trials_.drop(columns="fit_time_s")
    )


def test_time_is_up(tmp_path):
    X, y, groups = data()
    with pytest.raises(ValueError, match="timeout_s=1e-09 was over before a setting was tried"):
        search(timeout_s=1e-9).fit(X, y, groups=groups)


def test_settings_at_the_same_time_are_as_good(tmp_path):
    X, y, groups = data()
    one = search(pruner=None, sampler="random").fit(X, y, groups=groups)
    two = search(pruner=None, sampler="random", n_jobs=2).fit(X, y, groups=groups)
    pd.testing.assert_frame_equal(
        one.trials_.drop(columns="fit_time_s"), two.trials_.drop(columns="fit_time_s")
    )


def test_a_process_that_dies_while_it_asks_leaves_no_setting_in_a_queue(tmp_path, monkeypatch):
    X, y, groups = data()
    space = {"level": [0.01, 0.1, 1.0]}
    model = TunedClassifier(
        Threshold(), space, cv="group-4", sampler="grid", storage=tmp_path / "s.log"
    )

    def die(*args, **kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(optuna.Study, "ask", die)
        with pytest.raises(KeyboardInterrupt):
            model.fit(X, y, groups=groups)
    assert model.fit(X, y, groups=groups).trials_["level"].tolist() == [0.01, 0.1, 1.0]


def test_a_grid_is_tried_in_full_where_settings_were_drawn_before(tmp_path):
    X, y, groups = data()
    space = {"level": [0.01, 0.1, 1.0]}
    options = {"cv": "group-4", "n_trials": 3, "storage": tmp_path / "s.log", "random_state": 0}
    TunedClassifier(Threshold(), space, sampler="random", **options).fit(X, y, groups=groups)
    grid = TunedClassifier(Threshold(), space, sampler="grid", **options).fit(X, y, groups=groups)
    assert grid.trials_["level"].tolist() == [0.01, 0.1, 1.0]
