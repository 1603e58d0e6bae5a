"""Times of a table as seconds, whatever pandas holds them as."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

ABSENT = ("", "n/a", "nan", "NaN", "None", "NaT")
# "1.5 s", "00:01:30", "1 days 00:00:01", "PT1.5S"; a number without a unit would be nanoseconds.
_UNITS = r"(?:\d+(?:\.\d+)? ?[A-Za-zµ]+ ?)*"
DURATION = rf"\s*[+-]?(?:P[\dDTHMS.]+|{_UNITS}(?:[+-]?\d+:\d+:\d+(?:\.\d+)?)?)\s*"


def seconds(column: pd.Series, *, strict: bool = True) -> NDArray[np.float64]:
    """A column of times in s.

    Parameters
    ----------
    column : pandas.Series
        Numbers (seconds), timedeltas, or datetimes, each also as text or as objects.
    strict : bool, default True
        Whether anything else is refused; else nothing of such a column is known.

    Returns
    -------
    ndarray of float64
        NaN where there is none; of datetimes, the seconds since 1970.

    Raises
    ------
    ValueError
        It holds something else, and `strict`.

    Examples
    --------
    >>> import pandas as pd
    >>> from eegkit.times import seconds
    >>> seconds(pd.Series(pd.to_timedelta([500, 1500], unit="ms")))
    array([0.5, 1.5])
    """
    values = column.infer_objects()
    if isinstance(values.dtype, pd.PeriodDtype):
        values = values.dt.start_time
    if not (is_time(values) or pd.api.types.is_numeric_dtype(values)):
        values = _parsed(values.astype(object).mask(values.astype(str).isin(ABSENT)))
    if values is None and strict:
        raise ValueError(
            f"metadata[{column.name!r}] is not numeric and holds no times, but "
            f"{column.dropna().iloc[0]!r}; expected seconds."
        )
    if values is None:
        return np.full(len(column), np.nan)
    if pd.api.types.is_timedelta64_dtype(values):
        values = values.dt.total_seconds()
    elif is_time(values):
        since_1970 = pd.to_datetime(values, utc=True) - pd.Timestamp(0, tz="UTC")
        values = since_1970.dt.total_seconds()
    return values.to_numpy(dtype=float, na_value=np.nan)


def is_time(column: pd.Series) -> bool:
    """Whether pandas holds a column as datetimes or timedeltas."""
    return pd.api.types.is_datetime64_any_dtype(column) or pd.api.types.is_timedelta64_dtype(column)


def _parsed(entries: pd.Series) -> pd.Series | None:
    """Numbers, timedeltas or datetimes, the first that all entries are; None for neither."""
    for parse in (_numbers, _timedeltas, _datetimes):
        try:
            return parse(entries)
        except (ValueError, TypeError, OverflowError):
            continue
    return None


def _numbers(entries: pd.Series) -> pd.Series:
    return entries.astype(float)


def _timedeltas(entries: pd.Series) -> pd.Series:
    # pandas reads times of a day as text alone, and of "1,5" makes 15 nanoseconds.
    text = entries.where(entries.isna(), entries.astype(str))
    if not text.dropna().str.fullmatch(DURATION).all():
        raise ValueError("These are no durations with a unit.")
    return pd.to_timedelta(text)


def _datetimes(entries: pd.Series) -> pd.Series:
    return pd.to_datetime(entries, utc=True, format="ISO8601")
