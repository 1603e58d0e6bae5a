"""What a user writes, for mypy: it has to find the types of eegkit, and none of them wrong.

An ignored error is one that the types must find: where they are missing, mypy says that nothing is
ignored.
"""

from typing import assert_type

import numpy as np
from eegkit_convnets import EEGNet
from numpy.typing import NDArray

from eegkit import Pipeline, Results, SignalArray, Trials, evaluate, load, load_dataset, save
from eegkit.classifiers import NeuralClassifier
from eegkit.transforms import Transformer


class Louder(Transformer):
    """A transform of the user's own."""

    gain: float = 2.0

    def prepare(self, signals: SignalArray) -> None:
        self.output_shape_ = self.input_shape_

    def transform_block(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        return block * np.float32(self.gain)


def net(max_epochs: int = 5) -> NeuralClassifier:
    return EEGNet(max_epochs=max_epochs, random_state=0)


trials = load_dataset("simulated", n_subjects=4)
assert_type(trials, Trials)
assert_type(trials[:8], Trials)
assert_type(trials.ch_names, list[str])

decoder = Pipeline([Louder(gain=3.0), net()])
decoder.fit(trials.X, trials.y)
save(decoder, "decoder.eegkit")
load("decoder.eegkit").predict(trials.X)

results = evaluate(decoder, trials, cv="group-4")
assert_type(results, Results)

load_dataset(3)  # type: ignore[arg-type]
evaluate(decoder, trials, splitter="loso")  # type: ignore[call-arg]
results.summarise()  # type: ignore[attr-defined]
