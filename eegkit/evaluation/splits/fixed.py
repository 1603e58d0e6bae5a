"""A split that names who trains and who is tested, once and for all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eegkit.evaluation.splits.by_level import Folds, MetadataSplitter, check_two_classes
from eegkit.evaluation.splits.metadata import listed, show
from eegkit.text import suggest


class FixedSplit(MetadataSplitter):
    """One split, by name: these people train, those are tested.

    Parameters
    ----------
    train, test : sequence
        Names, as they stand in the metadata.
    validation : sequence, default ()
        People that a net holds out of training, to stop by say. `split` gives them to training;
        `inner` makes the splitter that holds them out there.
    by : str, default "subject"
        The metadata column the names are of: ``"run"`` to train on some runs of everybody and
        test on others.

    Attributes
    ----------
    keeps_apart : str
        What `by` says.

    Notes
    -----
    Trials that are named nowhere are not used.

    Examples
    --------
    >>> import numpy as np
    >>> from eegkit.evaluation import FixedSplit
    >>> split = FixedSplit(train=["a", "b"], validation=["c"], test=["d"])
    >>> groups = list("aabbccdde")
    >>> for train, test in split.split(np.zeros(9), groups=groups):
    ...     print(train, test)
    [0 1 2 3 4 5] [6 7]
    >>> for train, held_out in split.inner().split(np.zeros(6), groups=groups[:6]):
    ...     print(train, held_out)
    [0 1 2 3] [4 5]
    """

    def __init__(
        self,
        train: Sequence[Any],
        test: Sequence[Any],
        validation: Sequence[Any] = (),
        *,
        by: str = "subject",
    ) -> None:
        self.train = train
        self.test = test
        self.validation = validation
        self.by = by

    @property
    def keeps_apart(self) -> str:  # type: ignore[override]
        return self.by

    @classmethod
    def from_dict(cls, names: Mapping[str, Any]) -> FixedSplit:
        """Make it of ``{"train": [...], "test": [...]}``, also ``"validation"`` and ``"by"``.

        Parameters
        ----------
        names : mapping

        Returns
        -------
        FixedSplit

        Raises
        ------
        ValueError
            A key is unknown, or missing.
        """
        keys = ("train", "test", "validation", "by")
        unknown = [key for key in names if key not in keys]
        absent = [key for key in keys[:2] if key not in names]
        if unknown or absent:
            wrong = f"has the key {show(unknown[0])}" if unknown else f"lacks {show(absent[0])}"
            raise ValueError(
                f"The split {wrong}; expected the keys {', '.join(keys)}, of which train and test "
                "are needed."
            )
        return cls(**names)

    def inner(self) -> FixedSplit:
        """The split of the training trials that holds out the people of ``validation``.

        Returns
        -------
        FixedSplit
            For the nets' ``validation_split``. They know the subject of every trial, so with
            another `by`, ``fit`` has to be given the groups that it names.

        Raises
        ------
        ValueError
            Nobody is named in ``validation``.
        """
        if not self._names()["validation"]:
            raise ValueError("The split names nobody for validation; give validation=[...].")
        return FixedSplit(self.train, self.validation, by=self.by)

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """1.

        Parameters
        ----------
        X, y, groups : ignored
        """
        return 1

    @property
    def _unit(self) -> tuple[str, ...]:  # type: ignore[override]
        return (self.by,)

    def _folds(self, table: pd.DataFrame, labels: NDArray[Any] | None, X: Any) -> Folds:
        names = self._names()
        column = table[self.by]
        values = column.unique().tolist()
        for side, members in names.items():
            absent = [name for name in members if name not in values]
            if absent:
                raise ValueError(
                    f"{side} names {listed(absent)}, but no trial has {self.by} {show(absent[0])}"
                    f"{suggest(absent[0], values, f'there are {listed(values)}')}"
                )
        train = np.flatnonzero(column.isin(names["train"] + names["validation"]))
        test = np.flatnonzero(column.isin(names["test"]))
        check_two_classes(labels, train, "As the split is fixed", "name more for it")
        yield train, test

    def _names(self) -> dict[str, list[Any]]:
        """Who is on which side, checked."""
        names = {}
        for side in ("train", "validation", "test"):
            part = getattr(self, side)
            if isinstance(part, str) or np.ndim(part) != 1:
                raise ValueError(f"{side} is {show(part)}; expected a list of names of {self.by}s.")
            names[side] = np.asarray(part, dtype=object).tolist()
            if not names[side] and side != "validation":
                raise ValueError(f"{side} names no {self.by}; expected at least one.")
        for side, other in combinations(names, 2):
            shared = [name for name in names[side] if name in names[other]]
            if shared:
                raise ValueError(
                    f"{listed(shared)} stands in {side} and in {other}; name every {self.by} once."
                )
        return names

    def __repr__(self) -> str:
        # In full, as it tells in results what was done; scikit-learn's shortens long lists.
        names = self._names()
        sides = [f"{side}={names[side]}" for side in ("train", "test", "validation") if names[side]]
        return f"FixedSplit({', '.join(sides)}, by={self.by!r})"
