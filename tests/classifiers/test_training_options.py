"""The training options of every net: what each of them does."""

import shutil
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.numpy import load_file, save_file
from skorch.callbacks import Callback, EpochScoring, LRScheduler, TensorBoard
from torch import nn

from eegkit import NeuralClassifier
from eegkit.classifiers import callbacks
from eegkit.classifiers._batches import Batches, TrialData
from eegkit.classifiers._objective import Objective
from eegkit.classifiers.training import seeded

rng = np.random.default_rng(0)
N, N_CHANNELS, N_TIMES = 60, 3, 64
Y = np.array(["a", "b", "c"])[np.arange(N) % 3]
PEOPLE = np.arange(N) // 6
X = rng.normal(size=(N, N_CHANNELS, N_TIMES)).astype(np.float32)
for number, label in enumerate("abc"):
    X[label == Y, number] += np.sin(np.arange(N_TIMES))


class SmallNet(NeuralClassifier):
    input_kind: ClassVar[str] = "raw"

    dropout: float = 0.2

    def build_module(self, input_shape, n_classes):
        return nn.Sequential(
            nn.Conv1d(input_shape[0], 6, 9, padding=4),
            nn.BatchNorm1d(6),
            nn.ELU(),
            nn.Dropout(self.dropout),
            nn.AvgPool1d(16),
            nn.Flatten(),
            nn.Linear(6 * (input_shape[1] // 16), n_classes),
        )


def net(**params):
    return SmallNet(**({"max_epochs": 6, "random_state": 0, "lr": 1e-2, "batch_size": 16} | params))


@pytest.mark.parametrize("optimizer", ["adamw", "adam", "sgd", "rmsprop", "lbfgs"])
def test_every_optimizer_learns(optimizer):
    lr, batch_size = {"sgd": (0.3, 16), "lbfgs": (0.2, N)}.get(optimizer, (1e-2, 16))
    model = net(optimizer=optimizer, lr=lr, batch_size=batch_size, max_epochs=20).fit(X, Y)
    assert model.score(X, Y) > 0.9
    assert model.history_["train_loss"].iloc[-1] < model.history_["train_loss"].iloc[0]


def test_cosine_ends_near_zero_and_one_cycle_rises_first():
    cosine = net(lr_schedule="cosine", max_epochs=10).fit(X, Y).history_["lr"]
    np.testing.assert_allclose(cosine, 5e-3 * (1 + np.cos(np.pi * np.arange(10) / 10)))
    cycle = net(lr_schedule="one_cycle", max_epochs=10).fit(X, Y).history_["lr"]
    assert cycle.iloc[0] < cycle.max() / 10
    assert cycle.iloc[-1] < cycle.max() / 10
    assert cycle.max() == pytest.approx(1e-2, rel=0.05)


def test_plateau_halves_the_rate():
    model = net(lr_schedule="plateau", lr=1e-7, max_epochs=14).fit(X, Y)
    assert model.history_["lr"].iloc[-1] == 0.5e-7


def test_gradients_are_clipped():
    norms = []

    class Norms(Callback):
        def on_grad_computed(self, net, named_parameters, **kwargs):
            norms.append(sum(float(p.grad.square().sum()) for _, p in named_parameters) ** 0.5)

    net(clip_grad_norm=0.01, callbacks=[Norms()], max_epochs=1).fit(X, Y)
    assert len(norms) == 4
    assert max(norms) <= 0.01 * 1.001


@pytest.mark.parametrize("weighted", [False, True])
def test_cross_entropy_of_certain_probabilities_is_that_of_labels(weighted):
    logits = torch.from_numpy(rng.normal(size=(7, 3)))
    codes = torch.arange(7) % 3
    soft = nn.functional.one_hot(codes, 3).double()
    weight = torch.rand(7, dtype=torch.float64) if weighted else None
    objective = Objective()
    torch.testing.assert_close(
        objective(logits, soft, weight), objective(logits, codes, weight), rtol=1e-10, atol=0
    )


def test_class_weights_and_sample_weights_multiply():
    logits, codes = torch.randn(6, 3, dtype=torch.float64), torch.tensor([0, 1, 2, 0, 1, 2])
    class_weight = torch.tensor([1.0, 2.0, 5.0], dtype=torch.float64)
    weight = torch.tensor([1.0, 0.5, 2.0, 3.0, 0.0, 1.0], dtype=torch.float64)
    each = nn.functional.cross_entropy(logits, codes, reduction="none")
    total = class_weight[codes] * weight
    expected = (each * total).sum() / total.sum()
    torch.testing.assert_close(Objective(class_weight)(logits, codes, weight), expected)


def test_trials_of_no_weight_are_not_learned():
    wrong = Y.copy()
    wrong[::2] = np.roll(wrong, 1)[::2]
    weight = (np.arange(N) % 2).astype(float)
    model = net(max_epochs=30).fit(X, wrong, sample_weight=weight)
    assert model.score(X, Y) > 0.9


def test_soft_labels():
    soft = np.full((N, 3), 0.1)
    soft[np.arange(N), np.arange(N) % 3] = 0.8
    model = net(max_epochs=30).fit(X, soft)
    np.testing.assert_array_equal(model.classes_, [0, 1, 2])
    assert (model.predict(X) == np.arange(N) % 3).mean() > 0.9
    # Trained to be as unsure as the labels are.
    assert model.predict_proba(X).max(axis=1).mean() < 0.93
    for bad, message in (
        (soft * 2, r"add up to 2 for trial 0"),
        (soft - 0.2, "probability of every class"),
    ):
        with pytest.raises(ValueError, match=message):
            net().fit(X, bad)


def test_label_smoothing_keeps_the_net_unsure():
    sure = net(max_epochs=40).fit(X, Y).predict_proba(X).max(axis=1).mean()
    unsure = net(max_epochs=40, label_smoothing=0.3).fit(X, Y).predict_proba(X).max(axis=1).mean()
    assert unsure < sure - 0.05


def test_balanced_batches_hold_each_stratum_as_often():
    strata = np.array([0] * 50 + [1] * 7 + [2] * 3)
    data = TrialData(X, strata, np.arange(N), X.shape[1:], strata=strata)
    with seeded(0):
        batches = list(Batches(data, 12, shuffle=True))
    assert sum(len(y) for _, y, _ in batches) == N
    for _, y, _ in batches:
        assert np.bincount(y.numpy(), minlength=3).tolist() == [4, 4, 4]
    common = torch.cat([x for x, y, _ in batches for x in [x[y == 0]]])
    assert len(torch.unique(common, dim=0)) == 20  # no trial of a common class comes twice


def test_domains_are_balanced():
    seen = []

    class Seen(Callback):
        def on_batch_begin(self, net, batch, training, **kwargs):
            seen.append(batch[0][:, 0, 0])

    domains = np.where(np.arange(N) < 50, "large", "small")
    of = dict(zip(X[:, 0, 0].tolist(), domains, strict=True))
    net(balance="domain", max_epochs=1, callbacks=[Seen()]).fit(X, Y, domains=domains)
    for values in seen:
        names = [of[v] for v in values.tolist()]
        assert names.count("small") == len(names) // 2
    with pytest.raises(ValueError, match="not given domains"):
        net(balance="domain").fit(X, Y)


def double(X, y):
    return 2 * X, y


@pytest.mark.parametrize(("ratio", "factor", "sizes"), [(None, 2, [16]), (2, 1, [48])])
def test_augmented_trials_replace_or_join_the_others(ratio, factor, sizes):
    seen = []

    class Seen(Callback):
        def on_batch_begin(self, net, batch, training, **kwargs):
            seen.append(batch[0])

    net(augment=double, augment_ratio=ratio, max_epochs=1, callbacks=[Seen()]).fit(X, Y)
    assert {len(x) for x in seen[:-1]} == set(sizes)
    known = set((factor * X[:, 0, 0]).tolist())
    assert all(x in known for x in seen[0][:16, 0, 0].tolist())


class Noise(torch.nn.Module):
    """Adds noise by a generator of its own, as braindecode's transforms do."""

    def __init__(self):
        super().__init__()
        self.rng = np.random.RandomState()

    def forward(self, X, y):
        return X + torch.as_tensor(self.rng.normal(0, 0.1, X.shape)), y


def test_augmentation_by_generators_is_repeatable():
    augment = Noise()
    before = augment.rng.get_state()[1].copy()
    first, second = (net(augment=augment, augment_ratio=1).fit(X, Y) for _ in range(2))
    np.testing.assert_array_equal(first.predict_proba(X), second.predict_proba(X))
    np.testing.assert_array_equal(augment.rng.get_state()[1], before)
    assert (first.predict_proba(X) != net().fit(X, Y).predict_proba(X)).any()


def test_an_augmentation_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"expected this shape"):
        net(augment=lambda X, y: X[..., :10]).fit(X, Y)


@pytest.mark.parametrize("precision", ["bf16-mixed", "16-mixed"])
def test_mixed_precision_learns(precision):
    model = net(precision=precision, max_epochs=20).fit(X, Y)
    assert model.score(X, Y) > 0.9
    assert model.predict_proba(X).dtype == np.float32


def test_partial_fit_goes_on():
    model = net()
    with pytest.raises(ValueError, match="one class only"):
        model.partial_fit(X[:1], Y[:1])
    model.partial_fit(X[Y == "a"], Y[Y == "a"], classes=["a", "b", "c"])
    for _ in range(20):
        model.partial_fit(X, Y)
    assert model.history_["epoch"].tolist() == list(range(1, 22))
    assert model.score(X, Y) > 0.9
    with pytest.raises(ValueError, match="'d', but the classes are 'a', 'b', 'c'"):
        model.partial_fit(X[:2], ["a", "d"])


def test_warm_start_goes_on_where_the_fit_before_ended():
    model = net(warm_start=True, max_epochs=3, weight_decay=0.0).fit(X, Y)
    before = model.history_["train_loss"]
    assert model.fit(X, Y).history_["train_loss"].iloc[0] < before.iloc[0]
    model.set_params(max_epochs=1, lr=1e-9)
    weights = {name: w.copy() for name, w in model.weights_.items()}
    np.testing.assert_allclose(model.fit(X, Y).weights_["0.weight"], weights["0.weight"], atol=1e-6)


def test_fine_tuning_freezes_what_it_is_told_to(tmp_path):
    first = net().fit(X, Y)
    save_file(first.weights_, tmp_path / "first.safetensors")
    for source in (first.weights_, tmp_path / "first.safetensors"):
        tuned = net(init_weights=source, freeze=["0.*", "1.*"]).fit(X, Y)
        for name, weight in first.weights_.items():
            same = np.array_equal(weight, tuned.weights_[name])
            assert same == name.startswith(("0.", "1.")), name


def test_a_warm_start_trains_again_what_was_frozen_before():
    model = net(freeze=["0.*"], warm_start=True).fit(X, Y)
    before = model.weights_
    after = model.set_params(freeze=["6.*"]).fit(X, Y).weights_
    assert not np.array_equal(before["0.weight"], after["0.weight"])
    np.testing.assert_array_equal(before["6.weight"], after["6.weight"])


def test_what_the_module_itself_freezes_stays():
    class Fixed(SmallNet):
        def build_module(self, input_shape, n_classes):
            module = super().build_module(input_shape, n_classes)
            module[0].weight.requires_grad_(False).fill_(1.0)
            return module

    assert (Fixed(max_epochs=2).fit(X, Y).weights_["0.weight"] == 1).all()


def test_other_classes_begin_anew_and_are_told():
    first = net().fit(X, Y)
    with pytest.warns(UserWarning, match=r"lacks 6.weight, 6.bias"):
        net(init_weights=first.weights_).fit(X, np.where(Y == "a", "a", "b"))
    with pytest.raises(ValueError, match="none of its 1 arrays"):
        net(init_weights={"x": np.zeros(3)}).fit(X, Y)
    with pytest.raises(ValueError, match="no parameter is named 'head'"):
        net(freeze=["head"]).fit(X, Y)
    with pytest.raises(ValueError, match="leaves nothing to train"):
        net(freeze=["*"]).fit(X, Y)


def test_held_out_trials_may_be_given():
    model = net(validation_split=(X[:9], Y[:9])).fit(X[9:], Y[9:])
    expected = model.predict_proba(X[:9])
    loss = -np.log(expected[np.arange(9), np.arange(9) % 3]).mean()
    assert model.history_["valid_loss"].iloc[-1] == pytest.approx(loss, rel=1e-4)


def test_a_diverging_loss_is_told_with_what_to_try():
    with pytest.raises(FloatingPointError, match=r"epoch 1, batch [234].*Lower lr \(now 1e\+38"):
        net(optimizer="sgd", lr=1e38).fit(X, Y)


def test_memory_that_runs_out_is_told():
    class Greedy(Callback):
        def on_batch_begin(self, net, **kwargs):
            raise torch.OutOfMemoryError("CUDA out of memory")

    with pytest.raises(MemoryError, match=r"Lower batch_size \(now 16\)"):
        net(callbacks=[Greedy()]).fit(X, Y)


def test_batches_too_small_for_batch_norm_are_told():
    class Flat(NeuralClassifier):
        def build_module(self, input_shape, n_classes):
            return nn.Sequential(nn.Flatten(), nn.LazyBatchNorm1d(), nn.LazyLinear(n_classes))

    with pytest.raises(ValueError, match=r"raise batch_size \(now 1\)"):
        Flat(batch_size=1).fit(X, Y)


def test_the_keyboard_stops_for_good_and_a_callback_only_the_training():
    class Impatient(Callback):
        def on_epoch_end(self, net, **kwargs):
            raise KeyboardInterrupt

    assert len(net(callbacks=[Impatient()]).fit(X, Y).history_) == 1

    def interrupted(X, y):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        net(augment=interrupted).fit(X, Y)


def test_skorchs_callbacks_work():
    scoring = EpochScoring("accuracy", name="held_out", lower_is_better=False)
    schedule = LRScheduler("StepLR", step_size=1, gamma=0.5)
    model = net(validation_split=0.3, callbacks=[scoring, schedule]).fit(X, Y)
    history = model.history_
    np.testing.assert_allclose(history["lr"], 1e-2 * 0.5 ** np.arange(6))
    np.testing.assert_allclose(history["held_out"], history["valid_acc"], atol=1e-6)


def test_tensorboard_gets_the_curves(tmp_path):
    reader = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    from torch.utils.tensorboard import SummaryWriter

    model = net(callbacks=[TensorBoard(SummaryWriter(tmp_path))], max_epochs=3).fit(X, Y)
    events = reader.EventAccumulator(str(tmp_path)).Reload()
    logged = [event.value for event in events.Scalars("Loss/train_loss")]
    np.testing.assert_allclose(logged, model.history_["train_loss"], rtol=1e-6)


def test_log_and_best_weights(tmp_path):
    log, best = tmp_path / "log.csv", tmp_path / "best.safetensors"
    used = [callbacks.CSVLog(log), callbacks.BestWeights(best)]
    model = net(validation_split=0.3, callbacks=used, max_epochs=12).fit(X, Y, groups=PEOPLE)
    told = pd.read_csv(log)
    np.testing.assert_allclose(told["valid_loss"], model.history_["valid_loss"])
    again = net(early_stopping=True, patience=20, validation_split=0.3, max_epochs=12)
    again.fit(X, Y, groups=PEOPLE)
    for name, weight in load_file(best).items():
        np.testing.assert_array_equal(weight, again.weights_[name])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["best.safetensors", "log.csv"]
    with pytest.raises(ValueError, match="BestWeights watches 'valid_loss'"):
        net(callbacks=[callbacks.BestWeights(best)]).fit(X, Y)


def test_progress_is_shown(capsys):
    net(verbose=1).fit(X, Y)
    assert "6/6" in capsys.readouterr().out


def test_top_five():
    many = np.arange(N) % 7
    history = net(validation_split=0.3).fit(X, many).history_
    assert (history["train_top5"] >= history["train_acc"]).all()
    assert "valid_top5" in history


@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a compiler")
def test_compiled_nets_give_the_same():
    options = {"max_epochs": 2, "dropout": 0.0, "optimizer": "sgd"}
    plain, compiled = net(**options).fit(X, Y), net(**options, compile=True).fit(X, Y)
    np.testing.assert_allclose(plain.predict_proba(X), compiled.predict_proba(X), atol=1e-4)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"lr_schedule": "sine"}, "lr_schedule is 'sine'; expected one of 'cosine', 'plateau'"),
        ({"balance": "subject"}, "balance is 'subject'"),
        ({"precision": "64"}, "precision is '64'"),
        ({"label_smoothing": 1.0}, "label_smoothing is 1.0"),
        ({"clip_grad_norm": 0}, "clip_grad_norm is 0; expected a number above 0, or None"),
        ({"augment": 3}, "augment is 3; expected a function, or None"),
        ({"freeze": "head"}, "freeze is 'head'; expected a list"),
        ({"init_weights": 3}, "init_weights is 3; expected a mapping or a path, or None"),
        ({"init_weights": "/nowhere.safetensors"}, "cannot be read as a safetensors file"),
    ],
)
def test_options_that_make_no_sense(params, message):
    with pytest.raises(ValueError, match=message):
        net(**params).fit(X, Y)


@pytest.mark.parametrize(
    ("weight", "message"),
    [(np.ones(3), "one for each of the 60"), (np.zeros(N), "sample_weight holds"),
     (-np.ones(N), "sample_weight holds")],
)  # fmt: skip
def test_weights_that_make_no_sense(weight, message):
    with pytest.raises(ValueError, match=message):
        net().fit(X, Y, sample_weight=weight)
