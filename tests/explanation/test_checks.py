"""Checks of attributions: honest ones pass, planted frauds do not."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
import torch

from eegkit import SignalArray, Trials
from eegkit.classifiers import DenseNet, NeuralClassifier
from eegkit.explanation import explain
from eegkit.explanation.checks import likeness
from eegkit.explanation.random_weights import layers_from_head, with_random_weights
from eegkit.explanation.targets import class_codes

CHANNELS, FREQS = ("C3", "Cz", "C4", "O1"), (4.0, 8.0, 12.0, 20.0, 30.0, 40.0)
SOURCE = {"channel": ["C3"], "freq": (8, 12)}


def spectrograms(n, seed):
    """The task is louder at C3, 8 to 12 Hz; everything has the amplitude of its own place."""
    rng = np.random.default_rng(seed)
    y = np.where(np.arange(n) % 2, "task", "rest")
    X = rng.normal(size=(n, 4, 6, 5)) * np.linspace(0.5, 2, 5)
    X[y == "task", 0, 1:3] += 1.5
    return SignalArray(X.astype(np.float32), ch_names=CHANNELS, freqs=FREQS), y


@pytest.fixture(scope="module")
def net():
    X, y = spectrograms(200, 0)
    return DenseNet(n_hidden=16, max_epochs=15, lr=1e-2, random_state=0).fit(X, y)


@pytest.fixture(scope="module")
def attributions(net):
    return explain(net, *spectrograms(60, 1))


class Absolute(torch.nn.ReLU):
    """Of another formula than the layer it is a kind of."""

    def forward(self, x):
        return x.abs()


def edges(decoder, X, y, target):
    """An edge detector, whatever the decoder."""
    return np.abs(np.gradient(np.asarray(X), axis=-1))


def amplitude(decoder, X, y, target):
    return np.abs(np.asarray(X))


def untrained_net(seed=7):
    """A net of the same kind that has learned nothing."""
    X, y = spectrograms(200, 0)
    y = np.random.default_rng(seed).permutation(y)
    return DenseNet(n_hidden=16, max_epochs=1, lr=1e-9, random_state=seed).fit(X, y)


def failed(report):
    return set(report.table.loc[report.table["passed"].eq(False), "check"])


@pytest.mark.parametrize("method", ["integrated_gradients", "input_x_gradient"])
def test_honest_maps_pass(net, method):
    report = explain(net, *spectrograms(60, 1), method=method).check(source=SOURCE)
    assert report.passed, report
    first, second = report.describe().split(" in Python. ")
    assert first.startswith("Not checked is whether they follow what was learned, since no train")
    assert second.startswith("Trustworthy as far as checked: the decoder is right in")
    by_check = report.table.groupby("check")["value"].last()
    assert by_check["random weights"] < 0.5
    assert by_check["source"] > 0.6
    curves = report.table[report.table["check"] == "curve"]
    assert curves["detail"].tolist() == ["by channel", "by freq", "by frame"]
    assert curves["value"].iloc[0] > 0


@pytest.mark.parametrize("fraud", [edges, amplitude])
def test_maps_that_do_not_follow_the_decoder_are_rejected(attributions, fraud):
    values = fraud(None, attributions.X, None, None)
    report = replace(attributions, values=values).check(explain_with=fraud)
    assert "random weights" in failed(report)
    assert "stay as they are (correlation 1.00), so they do not follow" in report.describe()
    # As maps that are said to be of integrated gradients.
    assert "again" in failed(replace(attributions, values=values).check())


def test_maps_of_a_net_with_random_weights_are_rejected(attributions):
    other = untrained_net()
    maps = explain(other, attributions.X, attributions.targets, target="true").values
    report = replace(attributions, values=maps).check()
    assert {"again", "hiding"} <= failed(report)

    def of_other(decoder, X, y, target):
        return explain(other, X, y, target=target)

    report = replace(attributions, values=maps).check(explain_with=of_other)
    assert {"random weights", "hiding"} <= failed(report)


def test_a_decoder_that_has_learned_nothing_has_nothing_to_explain():
    report = explain(untrained_net(), *spectrograms(60, 1)).check()
    assert "decoder" in failed(report)
    assert report.describe().startswith("Not to be trusted: the decoder is right in")


def test_random_labels(net, attributions):
    X, y = spectrograms(40, 0)
    rows = {"X": X, "y": y, "groups": np.repeat([1, 2], 20)}
    train = type("Train", (), rows)
    report = attributions.check(train=train, n_stages=1)
    row = report.table.set_index("check").loc["random labels"]
    assert row["passed"]
    assert row["value"] < 0.5
    frauds = replace(attributions, values=amplitude(None, attributions.X, None, None))
    assert "random labels" in failed(frauds.check(train=train, explain_with=amplitude))


def test_layers_become_random_from_the_head(net):
    before = {name: w.copy() for name, w in net.weights_.items()}
    assert [type(layer).__name__ for layer in layers_from_head(net.module_)] == ["Linear"] * 2
    assert layers_from_head(net.module_)[0] is net.module_.head
    first, second = [
        {name: w.copy() for name, w in reader.weights_.items()}
        for reader in with_random_weights(net, 2, np.random.default_rng(0))
    ]
    for name, weights in before.items():
        assert np.array_equal(first[name], weights) == (not name.startswith("head"))
        assert not np.array_equal(second[name], weights)
        sizes = [np.sort(np.abs(w), axis=None) for w in (second[name], weights)]
        np.testing.assert_allclose(*sizes)
        assert np.array_equal(net.weights_[name], weights), "the net itself is left as it is"


def test_likeness_is_a_rank_correlation():
    maps = np.random.default_rng(0).normal(size=(3, 4, 5))
    assert likeness(maps, np.exp(maps)) == pytest.approx(1)
    assert likeness(maps, -maps) == pytest.approx(-1)
    assert likeness(maps, np.ones_like(maps)) == 0


def test_a_decoder_without_gradients_is_checked_by_what_is_there():
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import FunctionTransformer

    from eegkit.pipeline import make_pipeline

    rng = np.random.default_rng(0)
    y = np.tile(["rest", "task"], 60)
    X = rng.normal(scale=10, size=(120, 4, 64))
    X[y == "task", 2] *= 2
    trials = Trials.from_arrays(
        X, y, sfreq=64, ch_names=CHANNELS, subject=np.repeat(["a", "b"], 60)
    )
    decoder = make_pipeline(FunctionTransformer(log_power), LogisticRegression())
    decoder.fit(trials[:60].X, trials[:60].y)
    attributions = explain(decoder, trials[60:], method="occlusion")
    report = attributions.check(train=trials[:60], source={"channel": ["C4"]})
    assert report.passed, report
    curve = report.table.set_index("check").loc["curve", "value"]
    assert curve > 0.3, "channels become those of others, not silence, which is far out in dB"
    assert "only a net has weights" in report.describe()


def log_power(X):
    return np.log1p(np.var(np.asarray(X), axis=2))


def test_a_map_without_its_decoder_is_refused(attributions):
    with pytest.raises(ValueError, match="do not hold their decoder"):
        pickle.loads(pickle.dumps(attributions)).check()
    with pytest.raises(ValueError, match="n_trials"):
        attributions.check(n_trials=0)


def test_attributions_remember_what_their_check_said(net):
    attributions = explain(net, *spectrograms(40, 1), method="input_x_gradient")
    assert attributions.faithfulness is None
    fraud = attributions.check(explain_with=amplitude, n_stages=1)
    assert attributions.faithfulness is None, "that was the check of another method"
    report = attributions.check(n_stages=1)
    assert attributions.faithfulness is report is not fraud
    assert pickle.loads(pickle.dumps(attributions)).faithfulness.describe() == report.describe()
    other = replace(attributions, values=-attributions.values)
    assert other.faithfulness is attributions[:3].faithfulness is None


def test_a_subclass_with_a_formula_of_its_own_is_not_explained_as_another_layer():
    X, y = spectrograms(60, 0)

    class Net(NeuralClassifier):
        def build_module(self, input_shape, n_classes):
            n = int(np.prod(input_shape))
            layers = [torch.nn.Linear(n, 8), Absolute(), torch.nn.Linear(8, n_classes)]
            return torch.nn.Sequential(torch.nn.Flatten(), *layers)

    net = Net(max_epochs=3, lr=1e-2, random_state=0).fit(np.asarray(X)[:, :, :, 0], y)
    raw = np.asarray(X)[:, :, :, 0]
    with pytest.warns(UserWarning, match="does not add up"):
        maps = explain(net, raw, y, method="deep_lift", target="task")
    with torch.no_grad():
        logits = [net.module_(torch.tensor(x))[:, 1].numpy() for x in (raw, 0 * raw)]
    missing = maps.values.sum((1, 2)) - (logits[0] - logits[1])
    np.testing.assert_allclose(maps.gap, missing, atol=1e-4)


def test_a_source_is_named_as_the_maps_name_it(attributions):
    assert attributions.check(source={"channel": "C3"}).table is not None
    with pytest.raises(ValueError, match=r"source has 'XX' along 'channel', where .* C3"):
        attributions.check(source={"channel": ["XX"]})
    with pytest.raises(ValueError, match="source names 'band', but the maps have the axes channel"):
        attributions.check(source={"band": "alpha"})


def test_trials_to_train_on_know_their_labels(attributions):
    with pytest.raises(ValueError, match="train is ndarray; expected Trials"):
        attributions.check(train=np.zeros((4, 4, 6, 5)))


def test_classes_in_any_order_are_looked_up():
    classes = np.array(["task", "rest"])
    assert class_codes(np.array(["rest", "task", "rest"]), classes).tolist() == [1, 0, 1]


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
@pytest.mark.parametrize("method", ["saliency", "integrated_gradients", "deep_lift"])
def test_gradients_are_taken_wherever_it_is_called(net, mode, method):
    X, y = spectrograms(8, 1)
    with mode():
        there = explain(net, X, y, method=method)
    np.testing.assert_array_equal(there.values, explain(net, X, y, method=method).values)


def test_a_trial_that_is_its_own_baseline_is_told(net):
    X, y = spectrograms(1, 1)
    with pytest.warns(UserWarning, match="1 of 1 trials are the baseline"):
        maps = explain(net, X, y)
    assert not maps.values.any()


def test_the_verdict_begins_with_what_was_not_checked():
    maps = explain(untrained_net(), spectrograms(60, 1)[0])
    report = maps.check()
    assert report.describe().startswith(
        "Not checked is whether the decoder knows the classes, since no labels were given; nor "
    )
    assert "decoder" not in set(report.table["check"])
    somewhere = maps.check(source=SOURCE, n_stages=1)
    assert "name the source where the answer is right, since no labels" in somewhere.describe()


LABELS = {
    "all trials are of one class": lambda y: np.full_like(y, "task"),
    "1 trial with a label cannot tell": lambda y: np.where(np.arange(len(y)) == 1, y, None),
    "0 trials with a label cannot tell": lambda y: np.full(len(y), None),
}


@pytest.mark.parametrize("reason", LABELS)
def test_labels_that_tell_nothing_from_chance_are_told(reason, net):
    X, y = spectrograms(20, 1)
    labels = LABELS[reason](y.astype(object))
    report = explain(net, X, labels).check(n_stages=1)
    assert f"whether the decoder knows the classes, since {reason}" in report.describe()
    assert "decoder" not in failed(report)


def test_trials_without_a_label_are_not_wrong_answers(net):
    X, y = spectrograms(40, 1)
    some = np.where(np.arange(40) < 20, y, None)
    rows = explain(net, X, some).check(n_stages=1).table.set_index("check")
    expected = np.mean(net.predict(X[:20]) == y[:20])
    assert rows.loc["decoder", "value"] == pytest.approx(expected)


def test_few_trials_are_no_failure(net):
    X, y = spectrograms(60, 1)
    report = explain(net, X, y)[:3].check(n_stages=1)
    assert "hiding what they name changes the answer, since it takes 5 trials to say" in repr(
        report
    )
    assert "hiding" not in failed(report)


def test_bands_are_not_hidden_as_if_they_were_channels():
    rng = np.random.default_rng(0)
    y = np.tile(["rest", "task"], 20)
    X = SignalArray(rng.normal(size=(40, 5, 64)), sfreq=128)

    class Net(NeuralClassifier):
        def build_module(self, input_shape, n_classes):
            n = int(np.prod(input_shape))
            return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(n, n_classes))

    net = Net(max_epochs=1, random_state=0).fit(X, y)
    maps = explain(
        net, X, y, method="occlusion", by="band", bands={str(i): (i, i + 8) for i in range(1, 6)}
    )
    assert maps.values.shape == (40, 5)
    report = maps.check(n_stages=1)
    assert "since there is no way here to hide parts by band" in report.describe()
    assert "curve" not in set(report.table["check"])
    both = explain(net, X, y, method="occlusion", by=["channel", "band"]).check(n_stages=1)
    assert "by band, since there is no way here to hide that" in both.describe()
    assert both.table.set_index("check").loc["curve", "detail"] == "by channel"


def test_a_gradient_that_is_no_number_is_told():
    class Root(torch.nn.Module):
        def __init__(self, n_channels, n_classes):
            super().__init__()
            self.head = torch.nn.Linear(n_channels, n_classes)

        def forward(self, x):
            return self.head(x.square().mean(-1).sqrt())

    class Net(NeuralClassifier):
        def build_module(self, input_shape, n_classes):
            return Root(input_shape[0], n_classes)

    X = np.random.default_rng(0).normal(size=(8, 3, 32)).astype(np.float32)
    net = Net(max_epochs=1, random_state=0).fit(X, np.arange(8) % 2)
    assert np.isfinite(explain(net, X, method="saliency").values).all()
    X[:2, 1] = 0
    message = "saliency of 2 of 8 trials is not a number in places, as the slope of a root"
    with pytest.warns(UserWarning, match=message):
        maps = explain(net, X, np.arange(8) % 2, method="saliency")
    report = maps.check(n_stages=1)
    assert "numbers" in failed(report)
    assert "2 of 8 maps are not numbers everywhere" in report.describe()
