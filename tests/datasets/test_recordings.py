import numpy as np
import pytest

from eegkit.datasets._recordings import (
    Recording,
    choose_subjects,
    compact,
    name_recordings,
)


@pytest.mark.parametrize(
    ("numbers", "text"),
    [([], ""), ([4], "4"), ([3, 2], "2-3"), ([9, 1, 3, 4, 5], "1, 3-5, 9")],
)
def test_compact(numbers, text):
    assert compact(numbers) == text


def test_absent_recordings_are_named_by_person_where_all_are_absent(tmp_path):
    wanted = [Recording(s, r, tmp_path) for s in (1, 2, 3, 4) for r in (4, 8, 12)]
    absent = [w for w in wanted if w.subject > 2 or (w.subject == 1 and w.run > 4)]
    assert name_recordings(absent, wanted) == ["subject 1 runs 8, 12", "subjects 3-4"]


@pytest.mark.parametrize(
    ("asked", "message"),
    [([], "empty"), (["1"], "no subject '1'"), ([True], "True"), ([0, 3], "0"), ([1, 1], "twice")],
)
def test_choose_subjects_refuses(asked, message):
    with pytest.raises(ValueError, match=message):
        choose_subjects(asked, range(1, 3), "Title")


def test_choose_subjects():
    assert choose_subjects(None, range(1, 4), "Title") == [1, 2, 3]
    assert choose_subjects(np.array([3, 1]), range(1, 4), "Title") == [3, 1]
    assert choose_subjects(2, range(1, 4), "Title") == [2]
