"""Checks carried out to the end, each with its verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from time import perf_counter
from unittest import SkipTest

from eegkit.testing._checks import Check


@dataclass(frozen=True)
class Verdict:
    """What came of one check.

    Parameters
    ----------
    check : str
        Its name.
    failure : str or None
        What was seen, what is wanted and where it is described; None if it passed.
    seconds : float
        How long it took, in s.
    wanted : str
        What the check asks for.
    skip : str or None
        What it needs that is not installed, and how to install it; None if it was carried out.

    See Also
    --------
    verdicts : makes them, with an example.
    """

    check: str
    failure: str | None
    seconds: float
    wanted: str
    skip: str | None = None

    @property
    def seen(self) -> str:
        """The first paragraph of the failure, without the name of the check."""
        text = (self.failure or "").partition("\nWanted:")[0].removeprefix(f"{self.check}: ")
        return " ".join(text.split())


def verdicts(
    checks: Iterable[Check], show: Callable[[str], None] | None = None
) -> Iterator[Verdict]:
    """Carry out checks one after the other, whatever comes of each.

    Parameters
    ----------
    checks : iterable of Check
        As `transform_checks` and its like give them.
    show : callable, optional
        Called with the name of each before it begins.

    Yields
    ------
    Verdict
        As soon as the check is done.

    Examples
    --------
    >>> from eegkit import testing
    >>> from eegkit.transforms import Crop
    >>> checks = testing.transform_checks(Crop)
    >>> [verdict.failure for verdict in testing.verdicts(checks[1:2])]
    [None]
    """
    for check in checks:
        if show is not None:
            show(check.name)
        start, failure, skip = perf_counter(), None, None
        try:
            check()
        except SkipTest as reason:
            skip = str(reason)
        except AssertionError as error:
            failure = str(error)
        yield Verdict(check.name, failure, perf_counter() - start, check.wanted, skip)
