"""`TrainingOptions`: how a net is trained, as flat parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scipy.stats import loguniform

from eegkit.base import Estimator
from eegkit.checks import check_choice, check_counts, check_fractions

OPTIMIZERS = ("adamw", "adam", "sgd", "rmsprop", "lbfgs")
LR_SCHEDULES = (None, "cosine", "plateau", "one_cycle")
BALANCES = (None, "class", "domain")
PRECISIONS = ("32", "bf16-mixed", "16-mixed")


class TrainingOptions(Estimator):
    """The training parameters of every net; `NeuralClassifier` documents them."""

    max_epochs: int = 20
    batch_size: int = 32
    lr: float = 1e-3
    weight_decay: float = 1e-2
    optimizer: str = "adamw"
    lr_schedule: str | None = None
    clip_grad_norm: float | None = None
    validation_split: Any = None
    early_stopping: bool = False
    patience: int = 10
    class_weight: Any = None
    label_smoothing: float = 0.0
    balance: str | None = None
    augment: Any = None
    augment_ratio: int | None = None
    init_weights: Any = None
    freeze: Sequence[str] = ()
    warm_start: bool = False
    precision: str = "32"
    compile: bool = False
    device: str = "auto"
    checkpoint_dir: Any = None
    random_state: Any = None
    verbose: int = 0
    callbacks: Sequence[Any] = ()

    @classmethod
    def search_space(cls) -> dict[str, Any]:
        """The ranges of training; a net adds those of its architecture."""
        return {
            "lr": loguniform(1e-4, 1e-2),
            "weight_decay": loguniform(1e-4, 1e-1),
            "batch_size": [16, 32, 64],
        }

    def _check_options(self) -> None:
        """Refuse training parameters that make no sense."""
        check_counts(max_epochs=self.max_epochs, batch_size=self.batch_size, patience=self.patience)
        check_choice(OPTIMIZERS, optimizer=self.optimizer)
        check_choice(LR_SCHEDULES, lr_schedule=self.lr_schedule)
        check_choice(BALANCES, balance=self.balance)
        check_choice(PRECISIONS, precision=self.precision)
        check_fractions(label_smoothing=self.label_smoothing)
        for name in ("clip_grad_norm", "augment_ratio"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ValueError(f"{name} is {value!r}; expected a positive number, or None.")
        if self.augment is not None and not callable(self.augment):
            raise ValueError(
                f"augment is {self.augment!r}; expected a callable on a batch, f(X, y), such as "
                "one of braindecode's transforms."
            )
        if isinstance(self.freeze, str):
            raise ValueError(f"freeze is {self.freeze!r}; expected a list of names or patterns.")
