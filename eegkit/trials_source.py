"""Where trials came from, so that they can be loaded again."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TrialsSource:
    """The data set that loaded some trials, its options, and the column made their labels.

    Parameters
    ----------
    dataset : str or None
        The registered name, where the data set was made by it.
    target : str
        The class, as ``module:name``.
    options : dict of str to str
        Options that are not the defaults, each as Python prints it.
    label : str, optional
        The column of the metadata that `Trials.relabel` took for labels.
    """

    dataset: str | None
    target: str
    options: dict[str, str]
    label: str | None = None

    @property
    def imports(self) -> str:
        """The line that imports what `code` calls."""
        if self.dataset is not None:
            return "from eegkit import load_dataset"
        module, _, name = self.target.partition(":")
        return f"from {module} import {name}"

    @property
    def code(self) -> str:
        """The expression that loads the trials again."""
        options = ", ".join(f"{name}={text}" for name, text in self.options.items())
        relabel = "" if self.label is None else f".relabel({self.label!r})"
        if self.dataset is None:
            return f"{self.target.partition(':')[2]}({options}).load(){relabel}"
        return f"load_dataset({', '.join(filter(None, [repr(self.dataset), options]))}){relabel}"
