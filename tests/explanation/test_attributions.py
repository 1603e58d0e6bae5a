"""`Attributions`: means, tables, parts, pickles."""

import pickle

import numpy as np
import pytest

from eegkit import ParameterError, explain


@pytest.fixture(scope="module")
def saliency(decoder, trials):
    return explain(decoder, trials, method="saliency", target="true")


def test_means_are_over_all_but_what_is_named(saliency):
    by_class = saliency.mean(["class", "channel"]).set_index(["class", "channel"])["attribution"]
    expected = saliency.values[saliency.targets == "task"].mean(axis=(0, 2, 3))
    np.testing.assert_allclose(by_class["task"].loc[["C3", "Cz", "C4"]], expected, rtol=1e-5)
    by_person = saliency.mean("person")
    assert by_person["person"].tolist() == ["S1", "S2", "S3"]
    np.testing.assert_allclose(
        by_person["attribution"][0], saliency.values[saliency.groups == "S1"].mean(), rtol=1e-5
    )


def test_trials_can_be_kept_apart(saliency):
    table = saliency.mean(["trial", "channel"])
    first = table[table["trial"] == 3]["attribution"]
    np.testing.assert_allclose(first, saliency.values[3].mean(axis=(1, 2)), rtol=1e-5)


def test_a_band_is_the_mean_of_its_frequencies(saliency):
    table = saliency.mean("band", bands={"beta": (13, 30), "none": (0.1, 0.2)})
    inside = (saliency.freqs >= 13) & (saliency.freqs <= 30)
    assert table["band"].tolist() == ["beta"]
    np.testing.assert_allclose(
        table["attribution"][0], saliency.values[:, :, inside].mean(), rtol=1e-5
    )


def test_sizes_do_not_cancel(decoder, trials):
    ours = explain(decoder, trials, method="input_x_gradient")
    sizes = ours.mean("channel", absolute=True)["attribution"]
    np.testing.assert_allclose(sizes, np.abs(ours.values).mean(axis=(0, 2, 3)), rtol=1e-5)


def test_maps_have_the_shape_of_a_trial(saliency):
    maps = saliency.maps("class")
    assert set(maps) == {"rest", "task"}
    assert maps["rest"].shape == saliency.values.shape[1:]


def test_a_table_has_a_row_for_each_value(saliency):
    table = saliency[:2].to_frame()
    assert table.columns.tolist() == [
        "trial", "class", "person", "label", "channel", "freq", "frame", "attribution"
    ]  # fmt: skip
    np.testing.assert_array_equal(table["attribution"], saliency.values[:2].ravel())
    assert table["label"].tolist()[-1] == saliency.y[1]


def test_some_trials_are_attributions_too(saliency):
    some = saliency[saliency.groups == "S2"]
    assert set(some.groups) == {"S2"}
    assert len(some) == len(some.X) == len(some.targets) < len(saliency)
    assert len(saliency[3]) == 1


def test_pickles_leave_the_decoder_out(saliency, decoder):
    copy = pickle.loads(pickle.dumps(saliency))
    assert copy.decoder is None
    assert saliency.decoder is decoder
    np.testing.assert_array_equal(copy.values, saliency.values)


def test_what_is_not_known_is_refused(saliency, dense, features):
    with pytest.raises(ParameterError, match="no axis 'chanel'; did you mean 'channel'"):
        saliency.mean("chanel")
    ours = explain(dense, np.asarray(features[0]), method="saliency")
    with pytest.raises(ParameterError, match="by is 'person', which is not known"):
        ours.mean("person")
    with pytest.raises(ParameterError, match="no frequencies are known"):
        ours.mean("band")


def test_it_says_what_it_is(saliency):
    assert repr(saliency).startswith("<Attributions: saliency of 12 trials, 3 channels x ")
