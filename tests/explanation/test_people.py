"""Maps of unseen people, and what a test over people says of them."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import FunctionTransformer

from eegkit import Trials, evaluate
from eegkit.classifiers import DenseNet
from eegkit.explanation import explain_people
from eegkit.explanation.people import evidence
from eegkit.explanation.people_statistics import corrected
from eegkit.pipeline import make_pipeline

HIDE = {"method": "occlusion", "space": "input", "by": "feature", "baseline": "mean"}
N_PEOPLE, N_TRIALS, N_POINTS, CHANNELS = 12, 24, 8, ("C3", "Cz", "C4", "O1", "O2")


def linear_maps(rng, effect=0.0, share=0.5, of="true", learned=False):
    """A map of each person by a linear decoder, of features far from zero.

    Point 3 holds an effect. All share the decoder, or each has the one learned from all others.
    `of` "predicted" is what a test must not be made of.
    """
    fixed = rng.normal(size=N_POINTS)
    fixed[3] = 1
    labels, signals, differences = [], [], []
    for _ in range(N_PEOPLE):
        y = rng.permutation(np.arange(N_TRIALS) < share * N_TRIALS).astype(int)
        X = rng.normal(loc=2 + rng.normal(), size=(N_TRIALS, N_POINTS))
        X[:, 3] += effect * y
        labels.append(y)
        signals.append(X)
        differences.append(X[y == 1].mean(axis=0) - X[y == 0].mean(axis=0))
    maps = []
    for i, (X, y) in enumerate(zip(signals, labels, strict=True)):
        weights = np.delete(differences, i, axis=0).mean(axis=0) if learned else fixed
        values = np.stack([-weights, weights])[:, None] * X
        if of == "predicted":
            best = values.sum(axis=2).argmax(axis=0)
            maps.append(values[best, np.arange(N_TRIALS)].mean(axis=0))
        else:
            maps.append(evidence(values, y, np.arange(2)))
    return np.array(maps)


def lowest_p(maps, correction="max"):
    _, p = corrected(maps, ["time"], None, correction, 100, 0)
    return p.min()


@pytest.mark.parametrize(
    ("share", "correction", "learned"),
    [(0.5, "max", False), (0.25, "max", False), (0.5, "cluster", False), (0.5, "max", True)],
)
def test_without_an_effect_a_test_in_twenty_finds_one(share, correction, learned):
    rng = np.random.default_rng(0)
    n = 40 if correction == "cluster" else 100
    maps = (linear_maps(rng, share=share, learned=learned) for _ in range(n))
    alarms = [lowest_p(part, correction) <= 0.05 for part in maps]
    # 0.05 and three standard errors: what decoders have in common must not count as an effect.
    assert np.mean(alarms) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / n)


def test_maps_of_the_predicted_class_would_always_find_one():
    rng = np.random.default_rng(0)
    assert np.mean([lowest_p(linear_maps(rng, of="predicted")) <= 0.05 for _ in range(20)]) > 0.9


@pytest.mark.parametrize("correction", ["max", "cluster"])
def test_a_planted_effect_is_found_at_its_place(correction):
    rng = np.random.default_rng(1)
    places = []
    for _ in range(8):
        t, p = corrected(linear_maps(rng, effect=2.0), ["time"], None, correction, 200, 0)
        places.append(p <= 0.05)
        assert t[3] > 0
    rate = np.mean(places, axis=0)
    assert rate[3] == 1
    assert rate[[0, 1, 5, 6, 7]].max() <= 0.25


def test_neighbours_are_electrodes_and_steps():
    rng = np.random.default_rng(0)
    maps = rng.normal(size=(10, 5, 4))
    maps[:, 3:, 1:3] += 3  # O1 and O2, which are neighbours, and two frames
    _, p = corrected(maps, ["channel", "frame"], CHANNELS, "cluster", 200, 0)
    assert np.unique(p[3:, 1:3]).size == 1
    assert p[3, 1] < 0.05
    with pytest.raises(ValueError, match="no position of X9"):
        corrected(maps, ["channel", "frame"], ("X9", *CHANNELS[1:]), "cluster", 200, 0)
    with pytest.raises(ValueError, match="name no channels"):
        corrected(maps, ["channel", "frame"], None, "cluster", 200, 0)


def test_too_few_people_and_empty_maps_are_refused():
    maps = np.random.default_rng(0).normal(size=(5, 3))
    with pytest.raises(ValueError, match=r"maps of 5 people.*below 0.0625"):
        corrected(maps, ["channel"], None, "max", 100, 0)
    with pytest.raises(ValueError, match="zero everywhere"):
        corrected(np.zeros((8, 3)), ["channel"], None, "max", 100, 0)


def log_power(X):
    return np.log1p(np.var(np.asarray(X), axis=2))


@pytest.fixture(scope="module")
def decoder():
    return make_pipeline(FunctionTransformer(log_power), LogisticRegression())


@pytest.fixture(scope="module")
def results(decoder, eight_people):
    return evaluate({"power": decoder}, eight_people, cv="group-4", keep_decoders=True)


@pytest.fixture(scope="module")
def people(results, eight_people):
    return explain_people(results, eight_people, **HIDE)


def test_the_population_looks_where_the_effect_is(people):
    assert people.groups.tolist() == list("abcdefgh")
    assert people.n_trials.tolist() == [20] * 8
    assert people.values.shape == (8, 5)
    table = people.test(by="feature")
    assert table["feature"].tolist() == [0, 1, 2, 3, 4]
    assert table.loc[table["p"] <= 0.05, "feature"].tolist() == [3]
    mean = people.mean(by="feature")
    np.testing.assert_allclose(mean["attribution"], table["attribution"], rtol=1e-5)
    assert set(people.mean(by=["person", "feature"])["person"]) == set("abcdefgh")
    assert pickle.loads(pickle.dumps(people)).test().equals(people.test())
    assert repr(people).startswith("<PeopleAttributions: occlusion of 8 people")
    assert repr(people).endswith(", decoders of 'power'>")
    assert "power" in people._repr_html_()


def test_each_map_is_by_the_decoder_that_never_saw_the_person(results, eight_people, people):
    from eegkit.explanation import explain

    answers = results.predictions()
    fold = int(answers.fold[answers.subject == "c"][0])
    tested = answers[answers.fold == fold]
    mine = tested.subject == "c"
    rows = tested[mine]
    values = [
        explain(results.decoders()[fold], eight_people[tested.trial], target=t, **HIDE).values[mine]
        for t in ("rest", "task")
    ]
    difference = np.where((rows.y == "task")[:, None], values[1] - values[0], values[0] - values[1])
    expected = [difference[rows.y == name].mean(axis=0) for name in ("rest", "task")]
    np.testing.assert_allclose(people.values[2], np.mean(expected, axis=0), rtol=1e-4, atol=1e-7)


def test_labels_that_mean_nothing_give_no_effect(decoder, eight_people):
    rng = np.random.default_rng(0)
    alarms = 0
    for _ in range(4):
        y = np.concatenate([rng.permutation(eight_people.y[:10]) for _ in range(16)])
        noise = Trials.from_arrays(
            np.asarray(eight_people.X),
            y,
            sfreq=64,
            ch_names=CHANNELS,
            subject=np.repeat(range(16), 10),
        )
        results = evaluate(decoder, noise, cv="group-4", keep_decoders=True)
        alarms += explain_people(results, noise, **HIDE).test()["p"].min() <= 0.05
    assert alarms <= 1


def test_what_cannot_be_a_statement_about_people_is_refused(decoder, results, eight_people):
    within = evaluate(decoder, eight_people, cv="within-2", keep_decoders=True, on_leak="mark")
    with pytest.raises(ValueError, match="same people on both sides"):
        explain_people(within, eight_people, **HIDE)
    with pytest.raises(ValueError, match="not those that the results are of"):
        explain_people(results, eight_people[20:], **HIDE)
    with pytest.raises(ValueError, match="target has no meaning for people"):
        explain_people(results, eight_people, **HIDE, target="predicted")
    others = Trials.from_arrays(
        np.asarray(eight_people.X)[::-1],
        eight_people.y,
        sfreq=64,
        ch_names=CHANNELS,
        subject=eight_people.groups,
    )
    with pytest.raises(ValueError, match="trials otherwise than in the results"):
        explain_people(results, others, **HIDE)


def test_who_has_one_class_is_left_out(decoder, eight_people):
    rows = np.flatnonzero((eight_people.groups != "b") | (eight_people.y == "rest"))
    some = eight_people[rows]
    results = evaluate(decoder, some, cv="group-4", keep_decoders=True)
    with pytest.warns(UserWarning, match="Left out: b, whose test trials are all of one class"):
        people = explain_people(results, some, **HIDE)
    assert people.groups.tolist() == list("acdefgh")


def test_the_decoders_of_all_folds_are_checked_together(people):
    report = people.check()
    assert report.passed, report
    rows = report.table.set_index("check")
    assert rows.loc["again", "value"] > 0.9
    assert rows.loc["hiding", "value"] < 0.05
    assert "only a net has weights" in report.describe()
    assert sum(map(len, people.samples)) == 4 * 32
    with pytest.raises(ValueError, match="trained on other people"):
        people.check(train=object())
    with pytest.raises(ValueError, match="do not hold their decoder"):
        pickle.loads(pickle.dumps(people)).check()


def test_nets_of_all_folds_are_checked_and_amplitude_is_rejected(eight_people):
    net = make_pipeline(FunctionTransformer(log_power), DenseNet(max_epochs=40, random_state=0))
    results = evaluate({"net": net}, eight_people, cv="group-2", keep_decoders=True)
    people = explain_people(results, eight_people, method="input_x_gradient")

    def amplitude(decoder, X, y, target):
        return np.abs(np.asarray(X))

    samples = tuple(replace(part, values=np.abs(part.X)) for part in people.samples)
    fraud = replace(people, samples=samples).check(explain_with=amplitude, n_stages=2)
    assert "with random weights the maps stay as they are (correlation 1.00)" in fraud.describe()
    honest = people.check(n_stages=2).table.set_index("check")
    assert honest.loc["again", "passed"]
    assert honest.loc["random weights"].shape[0] == 2


def test_some_people_are_judged_by_their_own_trials(people):
    some = people[[6, 1]]
    assert some.groups.tolist() == ["g", "b"]
    assert some.n_trials.tolist() == [people.n_trials[6], people.n_trials[1]]
    assert {name for part in some.samples for name in part.groups} == {"b", "g"}
    np.testing.assert_array_equal(some.values, people.values[[6, 1]])
    report = some.check()
    n_trials = sum(map(len, some.samples))
    expected = np.mean(np.concatenate([part.predicted == part.y for part in some.samples]))
    assert n_trials == 32, "half of those of two folds"
    assert report.table.set_index("check").loc["decoder", "value"] == pytest.approx(expected)
    assert people[people.groups == "c"].samples[0].groups.tolist() == ["c"] * 16
    with pytest.raises(ValueError, match="no trials to check the maps on"):
        people[:0].check()


def test_some_people_are_compared_with_their_own_maps_by_chance(people):
    rng = np.random.default_rng(0)
    values = rng.normal(size=(19, *people.values.shape)).astype(np.float32)
    chance = [replace(people, values=part) for part in values]
    some = people[:4].test(chance=chance)
    np.testing.assert_allclose(some["p"], people[:4].test(chance=[c[:4] for c in chance])["p"])
    with pytest.raises(ValueError, match="chance has no map of e, f, g, h"):
        people.test(chance=[c[:4] for c in chance])


def test_the_picture_of_some_people_is_theirs(people):
    from eegkit.plots import AttributionDisplay

    display = AttributionDisplay.from_attributions(people[[6, 1]], by=None)
    np.testing.assert_allclose(
        display.rows[0].maps[0], people.values[[6, 1]].mean(axis=0), rtol=1e-5
    )
    assert "2 people" in display.columns[0]


def test_steps_that_forget_people_do_not_hide_them(decoder, eight_people):
    from eegkit.explanation import explain

    fitted = decoder.fit(eight_people.X, eight_people.y)
    attributions = explain(fitted, eight_people, **HIDE)
    assert (attributions.groups == eight_people.groups).all()
    assert attributions.mean("person")["person"].tolist() == list("abcdefgh")
