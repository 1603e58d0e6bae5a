import numpy as np
import pandas as pd
import pytest

from eegkit import SignalArray
from eegkit.transforms import Montage

TEN_TWENTY = [
    "Fp1",
    "Fp2",
    "F3",
    "F4",
    "F7",
    "F8",
    "T3",
    "T4",
    "C3",
    "C4",
    "T5",
    "T6",
    "P3",
    "P4",
    "O1",
    "O2",
    "Fz",
    "Cz",
    "Pz",
]  # the names of 1958


@pytest.fixture
def X():
    rng = np.random.default_rng(0)
    return SignalArray(rng.normal(size=(2, 19, 30)), sfreq=100, ch_names=TEN_TWENTY)


def at(X, name):
    return np.asarray(X)[:, TEN_TWENTY.index(name)]


def test_average_needs_no_names(X):
    made = Montage().fit_transform(X)
    np.testing.assert_allclose(np.asarray(made).mean(axis=1), 0, atol=1e-6)
    assert made.ch_names == X.ch_names
    Montage().fit(np.asarray(X))


@pytest.mark.parametrize("reference", ["Cz", ["T3", "T8"]])
def test_reference(X, reference):
    made = Montage(kind="reference", reference=reference).fit_transform(X)
    names = [reference] if isinstance(reference, str) else ["T3", "T4"]
    mean = np.mean([at(X, name) for name in names], axis=0)
    np.testing.assert_allclose(made, np.asarray(X) - mean[:, None], atol=1e-5)
    assert made.ch_names == X.ch_names


def test_double_banana(X):
    made = Montage(kind="double_banana").fit_transform(X)
    assert made.shape == (2, 16, 30)
    assert made.ch_names[:4] == ("Fp1-F7", "F7-T7", "T7-P7", "P7-O1")
    np.testing.assert_allclose(made[:, 1], at(X, "F7") - at(X, "T3"), atol=1e-6)
    np.testing.assert_allclose(made[:, 11], at(X, "P4") - at(X, "O2"), atol=1e-6)


def test_regions_of_the_double_banana(X):
    made = Montage(kind="double_banana_regions").fit_transform(X)
    assert made.ch_names == ("LL", "RL", "RP", "LP")
    # Along a chain the differences telescope: their mean is a quarter of first less last.
    ends = {"LL": ("Fp1", "O1"), "RL": ("Fp2", "O2"), "RP": ("Fp2", "O2"), "LP": ("Fp1", "O1")}
    for i, name in enumerate(made.ch_names):
        first, last = ends[name]
        np.testing.assert_allclose(made[:, i], (at(X, first) - at(X, last)) / 4, atol=1e-6)


def test_pairs_and_regions_of_ones_own(X):
    made = Montage(kind="bipolar", pairs=[("c3", "CZ"), ("C4", "Cz")]).fit_transform(X)
    assert made.ch_names == ("c3-CZ", "C4-Cz")
    np.testing.assert_allclose(made[:, 0], at(X, "C3") - at(X, "Cz"), atol=1e-6)
    made = Montage(kind="regions", regions={"back": ["O1", "O2"]}).fit_transform(X)
    np.testing.assert_allclose(made[:, 0], (at(X, "O1") + at(X, "O2")) / 2, atol=1e-6)


def test_names_given_for_a_plain_array(X):
    model = Montage(kind="double_banana", ch_names=TEN_TWENTY)
    np.testing.assert_allclose(
        model.fit_transform(np.asarray(X)), Montage(kind="double_banana").fit_transform(X)
    )


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"kind": "circular"}, "kind is 'circular'"),
        ({"kind": "reference"}, "needs reference="),
        (
            {"kind": "bipolar", "pairs": [("C3", "Cx"), ("A1", "C3")]},
            "lacks 2 of 3 channels .*: Cx, A1",
        ),
        ({"kind": "regions", "regions": {"x": ["Pzz"]}}, r"Pzz; did you mean 'Pz'"),
    ],
)
def test_parameters_that_make_no_sense(X, params, message):
    with pytest.raises(ValueError, match=message):
        Montage(**params).fit(X)


def test_names_are_asked_for(X):
    with pytest.raises(ValueError, match="does not know the names of its channels"):
        Montage(kind="double_banana").fit(np.asarray(X))
    with pytest.raises(ValueError, match="ch_names has 2 names, but X 19"):
        Montage(kind="double_banana", ch_names=["C3", "C4"]).fit(np.asarray(X))


@pytest.mark.parametrize("kind", [np.array, pd.Index, tuple])
def test_names_of_any_kind(kind):
    X = np.random.default_rng(0).normal(size=(2, 3, 30))
    names = kind(["C3", "Cz", "C4"])
    reference = Montage(kind="reference", reference=kind(["C3", "C4"]), ch_names=names)
    np.testing.assert_allclose(
        reference.fit_transform(X)[:, 1], X[:, 1] - X[:, [0, 2]].mean(1), atol=1e-5
    )
    bipolar = Montage(kind="bipolar", pairs=np.array([("C3", "C4")]), ch_names=names)
    np.testing.assert_allclose(bipolar.fit_transform(X)[:, 0], X[:, 0] - X[:, 2], atol=1e-5)
    regions = Montage(kind="regions", regions={"left": kind(["C3", "Cz"])}, ch_names=names)
    np.testing.assert_allclose(regions.fit_transform(X)[:, 0], X[:, :2].mean(1), atol=1e-5)
