"""Times of a table as seconds."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from eegkit.times import seconds

HALF_PAST = pd.Timestamp("2024-05-01 10:30:00")


@pytest.mark.parametrize(
    "values",
    [
        [0.0, 1.5],
        pd.array([0.0, 1.5], "Float64"),
        ["0", "1.5"],
        pd.to_timedelta([0, 1500], unit="ms"),
        [dt.timedelta(), dt.timedelta(seconds=1.5)],
        ["0 days 00:00:00", "0 days 00:00:01.500000"],
        [dt.time(10, 30), dt.time(10, 30, 1, 500000)],
        [HALF_PAST, HALF_PAST + pd.Timedelta(1.5, "s")],
        [HALF_PAST.tz_localize("Asia/Tokyo"), HALF_PAST + pd.Timedelta("1.5s")],
        [HALF_PAST.to_pydatetime(), HALF_PAST.to_pydatetime() + dt.timedelta(seconds=1.5)],
        ["2024-05-01 10:30:00", "2024-05-01 10:30:01.500"],
        ["2024-05-01T10:30:00+00:00", "2024-05-01T12:30:01.5+02:00"],
    ],
)
def test_seconds_of_every_kind(values):
    if isinstance(values, list) and getattr(values[0], "tzinfo", None) is not None:
        values[1] = values[1].tz_localize("Asia/Tokyo")
    found = seconds(pd.Series(values))
    np.testing.assert_allclose(found - found[0], [0, 1.5], atol=1e-6)
    plain = seconds(pd.Series(values, dtype=object))
    np.testing.assert_array_equal(plain, found)


def test_what_is_absent_is_nan():
    for values in ([1.0, None], ["1", "n/a"], ["1", None], pd.to_timedelta(["1s", None])):
        np.testing.assert_array_equal(seconds(pd.Series(values)), [1, np.nan])
    assert np.isnan(seconds(pd.Series([None, None], dtype=object))).all()


@pytest.mark.parametrize(
    "values",
    [
        ["1,5", "2,5"],
        ["01.02.2020 10:00", "02.02.2020 10:00"],
        ["1 days 00:00:01", "2"],
        ["500ms", "1"],
        ["1:30", "2:30"],
    ],
)
def test_numbers_without_a_unit_are_no_nanoseconds(values):
    with pytest.raises(ValueError, match="expected seconds"):
        seconds(pd.Series(values, name="onset"))


def test_durations_with_a_unit():
    for first, second in (("1.5 s", "2 s"), ("PT1.5S", "PT2S"), ("1500ms", "2000 ms")):
        assert seconds(pd.Series([first, second])).tolist() == [1.5, 2.0]
    assert seconds(pd.Series(["-1 days +23:59:59", "1 days 00:00:01"])).tolist() == [-1, 86401]


def test_what_is_no_time_is_refused_or_unknown():
    column = pd.Series(["early", "late"], name="onset")
    with pytest.raises(
        ValueError, match=r"metadata\['onset'\] is not numeric .* 'early'; expected"
    ):
        seconds(column)
    assert np.isnan(seconds(column, strict=False)).all()
