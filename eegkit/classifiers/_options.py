"""`TrainingOptions`: how a net is trained, as flat parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Literal

from scipy.stats import loguniform

from eegkit.classifiers.training import ModuleEstimator
from eegkit.parameters import (
    Count,
    NonNegative,
    PathLike,
    Positive,
    Proportion,
)
from eegkit.roles import Role


class TrainingOptions(ModuleEstimator):
    """The training parameters of every net; `NeuralClassifier` documents them."""

    attribute_roles: ClassVar[dict[str, Role]] = {
        "checkpoint_dir": "place",
        "init_weights": "source",
        "verbose": "manner",
    }

    max_epochs: Count = 20
    batch_size: Count = 32
    lr: NonNegative = 1e-3
    weight_decay: NonNegative = 1e-2
    optimizer: Literal["adamw", "adam", "sgd", "rmsprop", "lbfgs"] = "adamw"
    lr_schedule: Literal["cosine", "plateau", "one_cycle"] | None = None
    clip_grad_norm: Positive | None = None
    validation_split: Any = None
    early_stopping: bool = False
    patience: Count = 10
    class_weight: Literal["balanced"] | Mapping[Any, Any] | None = None
    label_smoothing: Proportion = 0.0
    balance: Literal["class", "domain"] | None = None
    augment: Callable[..., Any] | None = None
    augment_ratio: Count | None = None
    init_weights: Mapping[str, Any] | PathLike | None = None
    freeze: Sequence[str] = ()
    warm_start: bool = False
    precision: Literal["32", "bf16-mixed", "16-mixed"] = "32"
    compile: bool = False
    checkpoint_dir: PathLike | None = None
    callbacks: Sequence[Any] = ()

    @classmethod
    def search_space(cls) -> dict[str, Any]:
        """The ranges of training; a net adds those of its architecture."""
        return {
            "lr": loguniform(1e-4, 1e-2),
            "weight_decay": loguniform(1e-4, 1e-1),
            "batch_size": [16, 32, 64],
        }
