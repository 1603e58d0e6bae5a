"""What `fit` says of a net of one's own that breaks its contract."""

import pytest
import torch
from torch import nn

from eegkit import NeuralClassifier, evaluate
from eegkit.datasets import Simulated
from eegkit.testing import example_trials


class Net(nn.Module):
    def __init__(self, input_shape, n_classes, mistake):
        super().__init__()
        self.head = nn.Linear(input_shape[0] * input_shape[1], n_classes)
        self.small = nn.Linear(5, n_classes)
        self.mistake = mistake

    def forward(self, x):
        logits = self.head(x.flatten(1))
        if self.mistake == "small head":
            return self.small(x.flatten(1))
        return {
            "one logit": logits[:, :1],
            "no flatten": x.transpose(1, 2)[..., :2] + logits.sum(),
            "tuple": (logits, x),
            "nothing": None,
            "detached": logits.detach(),
        }.get(self.mistake, logits)


class Mistaken(NeuralClassifier):
    mistake: str = ""

    def build_module(self, input_shape, n_classes):
        if self.mistake == "no module":
            return None
        if self.mistake == "no attribute":
            return nn.Linear(self.n_hidden, n_classes)
        return Net(input_shape, n_classes, self.mistake)


SAID = {
    "small head": r"cannot read trials of shape \(3, 96\): RuntimeError\('mat1 and mat2 .*"
    r" in `return self\.small\(x\.flatten\(1\)\)` \(forward, line 22 of test_contract\.py\)\.",
    "one logit": r"gives \(2, 1\) for 2 trials; expected logits of shape \(2, 2\), one for each",
    "no flatten": r"gives \(2, 96, 2\) for 2 trials; expected logits of shape \(2, 2\)",
    "tuple": r"gives a tuple; expected logits of shape \(2, 2\)",
    "nothing": r"gives a NoneType; expected logits of shape \(2, 2\)",
    "detached": r"gives an output without a gradient; leave out detach\(\)",
    "no module": r"build_module of Mistaken gives None; expected a torch\.nn\.Module",
}


@pytest.mark.parametrize(("mistake", "words"), SAID.items(), ids=SAID)
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_what_breaks_the_contract_is_said(mistake, words, method):
    trials = example_trials()
    net = Mistaken(mistake=mistake, max_epochs=2, random_state=0, device="cpu")
    torch.manual_seed(0)
    state = torch.get_rng_state()
    with pytest.raises(ValueError, match=words) as caught:
        getattr(net, method)(trials.X, trials.y)
    assert caught.value.__cause__ is not None
    assert torch.equal(torch.get_rng_state(), state)


def test_other_errors_stay_what_they_are():
    trials = example_trials()
    with pytest.raises(AttributeError, match="n_hidden"):
        Mistaken(mistake="no attribute", max_epochs=2, device="cpu").fit(trials.X, trials.y)
    assert (
        Mistaken(max_epochs=2, random_state=0, device="cpu").fit(trials.X, trials.y).classes_.size
    )


def test_evaluate_says_where_it_is():
    trials = Simulated(n_subjects=2, n_trials=4).load()
    with pytest.raises(ValueError, match=r"line \d+ of test_contract\.py") as caught:
        evaluate(Mistaken(mistake="no attribute", max_epochs=1, device="cpu"), trials, cv="loso")
    assert "return nn.Linear(self.n_hidden, n_classes)" in str(caught.value)


def test_an_input_kind_that_there_is_not_is_refused_where_it_is_written():
    with pytest.raises(
        TypeError, match="input_kind of Odd is 'signals'; expected one of 'raw', 's"
    ):

        class Odd(NeuralClassifier):
            input_kind = "signals"
