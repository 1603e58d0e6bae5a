"""Sentences that messages share."""

import pytest

from eegkit.text import brief, nearest, shortened, suggest

NAMES = ["STFT", "cwt", "stft", "cnn_bigru", "cnn_bilstm"]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("stfd", ["STFT", "stft"]),
        ("Cnn_BiGro", ["cnn_bigru", "cnn_bilstm"]),
        ("nothing like it", []),
        ("", []),
    ],
)
def test_the_nearest_names(word, expected):
    assert nearest(word, NAMES) == expected
    assert nearest(word, iter(NAMES), n=1) == expected[:1]


def test_names_need_not_be_text():
    assert nearest("10", [1, 10, 100]) == [10, 100, 1]
    assert nearest(None, ["none", 3]) == ["none"]


def test_the_end_of_a_sentence():
    assert suggest("stfd", NAMES) == "; did you mean 'STFT' or 'stft'?"
    assert suggest("stfd", NAMES, "", prefix="p:") == "; did you mean 'p:STFT' or 'p:stft'?"
    assert suggest(11, [1, 22]) == "; did you mean 1?"
    assert suggest("x", ["stft", "cwt"]) == "; there are stft, cwt."
    assert suggest("x", NAMES, "see the manual") == "; see the manual."
    assert suggest("x", NAMES, "") == "."


def test_a_text_is_cut_behind_a_word():
    assert shortened("all of it", 9) == "all of it"
    assert shortened("one two three", 11) == "one two ..."
    assert shortened("one two three", 12) == "one two ..."
    assert shortened("x" * 20, 10) == "xxxxxxx..."
    assert brief(ValueError("one two three. More"), 12) == "one two ..."
