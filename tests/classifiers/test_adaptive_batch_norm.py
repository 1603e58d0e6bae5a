"""Batch normalisation by the statistics of the person that is decoded."""

import pickle
import warnings

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.utils.estimator_checks import check_estimator
from torch import nn

import eegkit
from eegkit import NeuralClassifier, Pipeline, SignalArray
from eegkit.access import access_of
from eegkit.classifiers import AdaptiveBatchNorm
from eegkit.testing._checks import OF_EVERY_NET
from eegkit.transforms import SubjectStandardizer

RNG = np.random.default_rng(0)


# People of training are alike, others are not.
OFFSETS = np.concatenate([np.zeros((4, 2)), RNG.normal(scale=10, size=(16, 2))])


class Normed(NeuralClassifier):
    """Two layers of batch normalisation, the second of which works on what the first gives."""

    input_kind = "raw"
    max_epochs = 15
    lr = 1e-2

    def build_module(self, input_shape, n_classes):
        return nn.Sequential(
            nn.BatchNorm1d(input_shape[0]),
            nn.Conv1d(input_shape[0], 4, 3, padding=1),
            nn.BatchNorm1d(4),
            nn.ELU(),
            nn.AdaptiveAvgPool1d(1),
            nn.Flatten(),
            nn.Linear(4, n_classes),
        )


class Plain(NeuralClassifier):
    input_kind = "raw"

    def build_module(self, input_shape, n_classes):
        return nn.Sequential(nn.Flatten(), nn.Linear(int(np.prod(input_shape)), n_classes))


def trials_of(subjects, n_trials=24):
    """Two classes that differ in the mean of a channel, by less than new people do."""
    groups = np.tile(subjects, n_trials)
    onsets = np.repeat(np.arange(n_trials, dtype=float), len(subjects))
    y = np.repeat(np.arange(n_trials) % 2, len(subjects))
    number = np.array([int(s[1:]) for s in groups])
    X = RNG.normal(size=(len(groups), 2, 30)) + OFFSETS[number][..., None]
    X[:, 0] += y[:, None]
    X *= (1 + number // 4)[:, None, None]
    return SignalArray(X.astype(np.float32), groups=groups, onsets=onsets), y


X, Y = trials_of(["S0", "S1", "S2", "S3"])
NEW, NEW_Y = trials_of(["S8", "S13"])


@pytest.fixture(scope="module")
def fitted():
    return AdaptiveBatchNorm(Normed(random_state=0)).fit(X, Y)


def with_access(fitted, **params):
    """The same net under another access."""
    model = pickle.loads(pickle.dumps(fitted))
    model.subjects_ = {}
    return model.set_params(**params)


def test_new_people_are_decoded_better(fitted):
    assert fitted.score(NEW, NEW_Y) > 0.9
    assert with_access(fitted, access="none").score(NEW, NEW_Y) < 0.75
    assert access_of(fitted) == "transductive"


def test_every_layer_has_the_statistics_of_what_reaches_it(fitted):
    person = NEW[NEW.groups == "S8"]
    module = pickle.loads(pickle.dumps(fitted.classifier_)).module_
    for layer in module.modules():  # in training a layer goes by its batch, here by the person
        layer.train(isinstance(layer, nn.BatchNorm1d))
    with torch.no_grad():
        expected = module(torch.from_numpy(np.array(person))).softmax(-1).numpy()
    np.testing.assert_allclose(fitted.predict_proba(person), expected, atol=1e-5)


def test_batches_make_no_difference(fitted):
    model = pickle.loads(pickle.dumps(fitted))
    many = SignalArray(np.concatenate([NEW] * 14), groups=np.tile(NEW.groups, 14))
    assert (many.groups == "S8").sum() > 256
    proba = model.predict_proba(many)
    np.testing.assert_allclose(proba[: len(NEW)], fitted.predict_proba(NEW), atol=1e-5)


def test_the_net_is_left_as_it_was(fitted):
    before = {name: weight.copy() for name, weight in fitted.classifier_.weights_.items()}
    fitted.predict(NEW)
    with_access(fitted, access="causal").predict(NEW)
    for name, weight in fitted.classifier_.weights_.items():
        np.testing.assert_array_equal(weight, before[name])


def test_none_is_the_net_itself(fitted):
    model = with_access(fitted, access="none")
    np.testing.assert_array_equal(model.predict_proba(NEW), model.classifier_.predict_proba(NEW))
    with pytest.warns(UserWarning, match=r"too few trials of S8.*training people"):
        alone = fitted.predict_proba(NEW[:1])
    np.testing.assert_allclose(alone, model.predict_proba(NEW[:1]), atol=1e-6)


def test_causal_sees_nothing_later(fitted):
    model = with_access(fitted, access="causal", prior_trials=2)
    before = model.predict_proba(NEW)
    changed = NEW.copy()
    changed[NEW.onsets >= 12] *= 3
    rows = NEW.onsets < 12
    np.testing.assert_array_equal(model.predict_proba(changed)[rows], before[rows])
    first = NEW.onsets == 0
    by_training = with_access(fitted, access="none").predict_proba(NEW)
    np.testing.assert_allclose(before[first], by_training[first], atol=1e-6)
    later = NEW.onsets >= 12
    correct = (model.set_params(prior_trials=0.1).predict(NEW) == NEW_Y)[later].mean()
    assert correct > 0.85


def test_calibration_sees_the_first_trials(fitted):
    model = with_access(fitted, access="calibration", n_calibration=8)
    changed = NEW.copy()
    changed[NEW.onsets >= 8] *= 3
    rows = model.calibration_rows(NEW)
    np.testing.assert_array_equal(rows, NEW.onsets < 8)
    proba = model.predict_proba(NEW)
    np.testing.assert_array_equal(model.predict_proba(changed)[rows], proba[rows])


def test_calibrated_people_are_decoded_trial_by_trial(fitted, tmp_path):
    model = with_access(fitted).calibrate(NEW)
    expected = fitted.predict_proba(NEW)
    np.testing.assert_allclose(model.predict_proba(NEW[:1]), expected[:1], atol=1e-6)
    eegkit.save(model, tmp_path / "model.eegkit")
    loaded = eegkit.load(tmp_path / "model.eegkit", custom_classes=[Normed])
    np.testing.assert_array_equal(loaded.predict_proba(NEW[:1]), model.predict_proba(NEW[:1]))
    assert not hasattr(clone(model), "subjects_")


def test_a_pipeline_calibrates_all_its_steps():
    model = Pipeline([SubjectStandardizer(), AdaptiveBatchNorm(Normed(random_state=0))]).fit(X, Y)
    expected = model.predict_proba(NEW)
    assert model.calibrate(NEW) is model
    assert model[0].subjects_.keys() == model[1].subjects_.keys() == {"S8", "S13"}
    np.testing.assert_allclose(model.predict_proba(NEW[3:4]), expected[3:4], atol=1e-5)


def test_groups_given_to_calibrate_name_the_people():
    model = Pipeline([SubjectStandardizer(), Normed(random_state=0)]).fit(X, Y)
    plain = np.asarray(NEW[NEW.groups == "S8"])
    model.calibrate(plain, groups=["me"] * len(plain))
    alone = SignalArray(plain[:1], groups=["me"])
    expected = model.predict_proba(NEW[NEW.groups == "S8"])[:1]
    np.testing.assert_allclose(model.predict_proba(alone), expected, atol=1e-5)


def test_a_pipeline_without_such_steps_says_so():
    model = Pipeline([Normed(random_state=0, max_epochs=1)]).fit(X, Y)
    with pytest.raises(ValueError, match=r"No step of this pipeline adapts.*SubjectStandardizer"):
        model.calibrate(NEW)


def test_a_net_without_batch_normalisation_is_refused():
    with pytest.raises(ValueError, match="Plain, which has no batch normalisation"):
        AdaptiveBatchNorm(Plain()).fit(X, Y)
    with pytest.raises(ValueError, match="expected a net of eegkit"):
        AdaptiveBatchNorm(SubjectStandardizer()).fit(X, Y)


def test_there_is_no_file_of_trials_alone(fitted, tmp_path):
    pytest.importorskip("onnx")
    with pytest.raises(ValueError, match=r"access 'transductive'.*ONNX file is given trials alone"):
        eegkit.export_onnx(fitted, tmp_path / "model.onnx")


@pytest.mark.parametrize("access", ["transductive", "causal"])
def test_scikit_learn(access):
    failures = OF_EVERY_NET | {
        "check_methods_subset_invariance": "other trials of the person are part of what is known",
        "check_methods_sample_order_invariance": "where they are the earlier ones",
    }
    model = AdaptiveBatchNorm(Normed(max_epochs=20, random_state=0), access=access)
    with warnings.catch_warnings(action="ignore"):
        results = check_estimator(
            model, expected_failed_checks=failures, on_fail=None, on_skip=None
        )
    failed = [result["check_name"] for result in results if result["status"] == "failed"]
    assert not failed
