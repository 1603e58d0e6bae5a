"""Sentences that messages share."""

import pytest

from eegkit.text import brief, nearest, no_such, shortened, suggest

NAMES = ["STFT", "cwt", "stft", "cnn_bigru", "cnn_bilstm"]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("stfd", ["STFT", "stft"]),
        ("Cnn_BiGro", ["cnn_bigru"]),
        ("cnn", ["cnn_bigru", "cnn_bilstm"]),
        ("cnn_bi_lstm", ["cnn_bilstm"]),
        ("bilstm", ["cnn_bilstm"]),
        ("w", []),
        ("nothing like it", []),
        ("", []),
    ],
)
def test_the_nearest_names(word, expected):
    assert nearest(word, NAMES) == expected
    assert nearest(word, iter(NAMES), n=1) == expected[:1]


@pytest.mark.parametrize(
    ("word", "names", "expected"),
    [
        ("acc", ["jaccard", "balanced_accuracy", "accuracy"], ["accuracy"]),
        ("auc", ["jaccard", "auroc", "roc_auc"], ["auroc", "roc_auc"]),
        ("kappa", ["cohen_kappa", "max_error"], ["cohen_kappa"]),
        ("bal_acc", ["balanced_accuracy", "accuracy"], ["balanced_accuracy"]),
        ("stft2", ["stft", "cwt"], ["stft"]),
        ("stft_of_mine", ["stft", "cwt"], ["stft"]),
        ("sex", ["subject", "session", "run", "onset"], []),
        ("f1_score", ["rand_score", "max_error"], []),
        ("model.eegkit", ["eegkit-demo", "results"], []),
        ("lad", ["lda", "lr"], ["lda"]),
        ("x", ["y", "z"], []),
    ],
)
def test_what_helps_nobody_is_not_suggested(word, names, expected):
    assert nearest(word, names) == expected


def test_a_folder_is_no_file(tmp_path):
    (tmp_path / "model-2").mkdir()
    (tmp_path / "hands.eegkit").touch()
    assert str(no_such(tmp_path / "model-1")).endswith("model-1.")
    assert str(no_such(tmp_path / "hand.eegkit")).endswith("; did you mean 'hands.eegkit'?")


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
