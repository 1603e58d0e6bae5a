import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from eegkit import Pipeline
from eegkit.classifiers import CNNBiGRU
from eegkit.plots import EmbeddingDisplay
from eegkit.testing import example_trials
from eegkit.transforms import STFT

mpl.use("agg")


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def clusters(n_labels, n_each, n_features=60):
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(n_labels), n_each)
    centres = 5 * rng.normal(size=(n_labels, n_features))
    return centres[y] + rng.normal(size=(len(y), n_features)), np.array([f"S{i:03d}" for i in y])


@pytest.mark.parametrize("n_labels", [2, 8, 30])
def test_neighbours_stay_neighbours(n_labels):
    features, y = clusters(n_labels, 240 // n_labels)
    points = EmbeddingDisplay.from_features(features, y).points
    assert KNeighborsClassifier(3).fit(points, y).score(points, y) > 0.95


def test_it_repeats():
    features, y = clusters(2, 20)
    first, again = (EmbeddingDisplay.from_features(features, y).points for _ in range(2))
    np.testing.assert_array_equal(first, again)


@pytest.mark.parametrize("n", [4, 5, 12])
def test_perplexity_fits_few_trials(n):
    features = np.random.default_rng(0).normal(size=(n, 3))
    assert EmbeddingDisplay.from_features(features, np.arange(n) % 2).points.shape == (n, 2)


def test_principal_components():
    features, y = clusters(3, 10)
    display = EmbeddingDisplay.from_features(features, y, method="pca")
    pca = PCA(2, random_state=0)
    np.testing.assert_allclose(display.points, pca.fit_transform(features))
    share = pca.explained_variance_ratio_[0]
    assert display.ax_.get_xlabel() == f"component 1, {share:.0%} of the variance"


@pytest.mark.parametrize("n_labels", [2, 20, 109])
def test_every_label_is_told(n_labels):
    features, y = clusters(n_labels, 4)
    display = EmbeddingDisplay.from_features(features, y, method="pca")
    display.figure_.canvas.draw()
    legend, names = display.ax_.get_legend(), np.unique(y)
    if n_labels <= 20:
        assert [text.get_text() for text in legend.get_texts()] == names.tolist()
        box = legend.get_window_extent()
        assert box.y0 >= 0
        assert box.x1 <= display.figure_.bbox.x1
    else:
        assert legend is None
        assert {text.get_text() for text in display.ax_.texts} == set(names)
        for text in display.ax_.texts:
            own = display.points[y == text.get_text()]
            np.testing.assert_allclose(text.xy, np.median(own, axis=0))


def test_trials_have_the_colour_of_their_label():
    features, y = clusters(3, 5)
    display = EmbeddingDisplay.from_features(features, y, method="pca")
    drawn = display.ax_.collections[0].get_facecolors()[:, :3]
    expected = [mpl.colors.to_rgb(f"C{int(name[1:])}") for name in y]
    np.testing.assert_allclose(drawn, expected)


def test_nets_and_pipelines():
    trials = example_trials()
    net = CNNBiGRU(**CNNBiGRU.conformance_params() | {"max_epochs": 1, "random_state": 0})
    decoder = Pipeline([STFT(nperseg=32), net]).fit(trials.X, trials.y)
    by_person = EmbeddingDisplay.from_estimator(decoder, trials.X, trials.groups, method="pca")
    features = decoder.transform(trials.X)
    np.testing.assert_allclose(
        by_person.points, PCA(2, random_state=0).fit_transform(features.astype(float))
    )
    assert len(by_person.ax_.get_legend().get_texts()) == 3
    images = decoder[:-1].transform(trials.X)
    alone = EmbeddingDisplay.from_estimator(decoder[-1], images, trials.y, method="pca")
    np.testing.assert_array_equal(alone.points, by_person.points)


def test_given_axes_are_used():
    axes = mpl.figure.Figure().subplots()
    features, y = clusters(2, 5)
    assert EmbeddingDisplay.from_features(features, y, method="pca", ax=axes).ax_ is axes


@pytest.mark.parametrize(
    ("features", "y", "options", "message"),
    [
        (np.zeros((5, 3)), [0] * 4, {}, r"y has shape \(4,\), but .* 5 trials"),
        (np.zeros((3, 3)), [0] * 3, {}, "3 trials of 3 features"),
        (np.zeros((5, 1)), [0] * 5, {}, "5 trials of 1 features"),
        (np.full((5, 2), np.nan), [0] * 5, {}, "10 features are NaN"),
        (np.zeros((5, 3)), [0] * 5, {"method": "umap"}, "method is 'umap'"),
    ],
)
def test_refused(features, y, options, message):
    with pytest.raises(ValueError, match=message):
        EmbeddingDisplay.from_features(features, y, **options)


def test_estimators_without_features():
    with pytest.raises(ValueError, match="LogisticRegression has no transform"):
        EmbeddingDisplay.from_estimator(LogisticRegression(), np.zeros((5, 2)), [0] * 5)
