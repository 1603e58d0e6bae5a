"""Settings chosen by people that neither stop the training nor give the score.

`TunedClassifier` is a decoder that searches for its settings in `fit`; `tune` evaluates it, nested,
beside the decoder as it is. Optuna [1]_ draws the settings: ``pip install eegkit[tune]``.

References
----------
.. [1] T. Akiba et al. (2019), Optuna: a next-generation hyperparameter optimization framework, KDD.
"""

from eegkit.libraries import install_command as _install_command

try:
    import optuna as _optuna  # noqa: F401
except ImportError as error:
    raise ImportError(
        "eegkit.tuning draws settings by Optuna, which is not installed: "
        f"{_install_command('eegkit[tune]')}."
    ) from error

from eegkit.tuning.classifier import TunedClassifier
from eegkit.tuning.nested import tune
from eegkit.tuning.spaces import default_space

__all__ = ["TunedClassifier", "default_space", "tune"]
