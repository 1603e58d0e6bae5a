"""What parameters are for: where it is stated, and who goes by it."""

from typing import Any, ClassVar

import pytest
from sklearn.base import clone

from eegkit import Pipeline
from eegkit.base import Estimator
from eegkit.classifiers import CNNBiGRU
from eegkit.datasets import Simulated
from eegkit.evaluation import evaluate, replay
from eegkit.identity import identify
from eegkit.parameters import PathLike
from eegkit.roles import places, with_role
from eegkit.transforms import STFT, Cached


class Writer(Estimator):
    attribute_roles: ClassVar[dict[str, Any]] = {"weights": "source"}

    weights: PathLike | None = None
    log: PathLike | None = None


def test_a_path_is_a_place_unless_its_class_says_otherwise():
    assert places(Writer) == {"log"}
    assert places(Cached) == {"folder"}
    assert places(CNNBiGRU) == {"checkpoint_dir"}


def test_roles_are_inherited_and_may_be_changed():
    class Reader(Writer):
        attribute_roles: ClassVar[dict[str, Any]] = {"log": "source"}

    assert with_role(Reader, "source") == {"weights", "log"}
    assert places(Reader) == set()


def test_where_a_net_writes_and_what_it_shows_is_nothing_of_what_it_is():
    net = CNNBiGRU()
    elsewhere = clone(net).set_params(checkpoint_dir="there", verbose=1)
    assert identify(net) == identify(elsewhere)
    assert identify(net) != identify(clone(net).set_params(init_weights="there"))


@pytest.mark.filterwarnings("ignore")
def test_a_net_is_trained_again_where_its_checkpoints_could_answer(tmp_path):

    trials = Simulated(n_subjects=2, n_trials=8, channels=["C3", "C4"]).load()
    net = CNNBiGRU(max_epochs=1, checkpoint_dir=tmp_path / "checkpoints", random_state=0)
    results = evaluate({"net": Pipeline([STFT(), net])}, trials, cv="loso", baselines=False)
    results.capsule(tmp_path / "capsule.safetensors")
    (tmp_path / "checkpoints").rename(tmp_path / "moved")
    assert replay(tmp_path / "capsule.safetensors").verdict == "exact"
    assert not (tmp_path / "checkpoints").exists()
