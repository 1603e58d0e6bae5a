"""What the annotation of a parameter may demand beside its type: bounds, lengths, anything else."""

from __future__ import annotations

import dataclasses
import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any


class Constraint(ABC):
    """What an ``Annotated`` type demands beside the type; one of your own is a subclass.

    See Also
    --------
    Predicate : the same by a function, with an example.
    """

    @abstractmethod
    def accepts(self, value: Any) -> bool:
        """Whether a value, which is of the type, will do."""

    @abstractmethod
    def describe(self, expected: str) -> str:
        """What is expected, in words, given the words for the type."""


@dataclasses.dataclass(frozen=True)
class Interval(Constraint):
    """Numbers between bounds; neither infinite nor NaN unless `finite` is False.

    Parameters
    ----------
    ge, gt : float, optional
        Lower bound, itself allowed or not.
    le, lt : float, optional
        Upper bound, itself allowed or not.
    finite : bool, default True
        Whether infinity (where the bounds allow it) is refused.

    Examples
    --------
    >>> from typing import Annotated
    >>> from eegkit.parameters import Interval, check_for
    >>> check = check_for(Annotated[float, Interval(ge=0, lt=1)])
    >>> check.accepts(0.5), check.accepts(1.0), check.expected
    (True, False, 'a number of at least 0 and below 1')
    """

    ge: float | None = None
    gt: float | None = None
    le: float | None = None
    lt: float | None = None
    finite: bool = True

    def accepts(self, value: Any) -> bool:
        return bool(
            value == value
            and not (self.finite and abs(value) == math.inf)
            and (self.ge is None or value >= self.ge)
            and (self.gt is None or value > self.gt)
            and (self.le is None or value <= self.le)
            and (self.lt is None or value < self.lt)
        )

    def describe(self, expected: str) -> str:
        words = {"of at least": self.ge, "above": self.gt, "of at most": self.le, "below": self.lt}
        if self.ge is not None and self.le is not None:
            return f"{expected} from {self.ge} to {self.le}"
        bounds = [f"{word} {bound}" for word, bound in words.items() if bound is not None]
        return f"{expected} {' and '.join(bounds)}" if bounds else f"{expected} that is finite"


@dataclasses.dataclass(frozen=True)
class Length(Constraint):
    """Lists with at least so many entries.

    Parameters
    ----------
    ge : int, default 1
        How many.

    Examples
    --------
    >>> from typing import Annotated
    >>> from eegkit.parameters import Length, check_for
    >>> check_for(Annotated[list[str], Length(2)]).accepts(["C3"])
    False
    """

    ge: int = 1

    def accepts(self, value: Any) -> bool:
        return len(value) >= self.ge

    def describe(self, expected: str) -> str:
        least = "one entry" if self.ge == 1 else f"{self.ge} entries"
        return f"{expected}, with at least {least}"


@dataclasses.dataclass(frozen=True)
class Predicate(Constraint):
    """Values of which a function says True.

    Parameters
    ----------
    function : callable
        Given the value, which is of the annotated type.
    words : str
        Behind the words for the type: ``"that is odd"``.

    Examples
    --------
    >>> from typing import Annotated
    >>> from eegkit.parameters import Predicate, check_for
    >>> check = check_for(Annotated[int, Predicate(lambda value: value % 2 == 1, "that is odd")])
    >>> check.accepts(4), check.expected
    (False, 'a whole number that is odd')
    """

    function: Callable[[Any], bool]
    words: str

    def accepts(self, value: Any) -> bool:
        return bool(self.function(value))

    def describe(self, expected: str) -> str:
        return f"{expected} {self.words}"
