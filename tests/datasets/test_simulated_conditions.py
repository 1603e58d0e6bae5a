"""What is planted under every condition is there, and can be decoded."""

import numpy as np
import pytest
from scipy.signal import welch
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from eegkit import testing
from eegkit.datasets import Simulated, load_dataset
from eegkit.transforms import BandPower

NEW = ("seizure", "emotion", "identity")
CLASSES = {
    "seizure": ("background", "seizure", "preictal"),
    "emotion": ("negative", "positive", "neutral"),
    "identity": tuple(f"S{i:02d}" for i in range(1, 11)),
}


def log_power(trials, names, low, high):
    """Natural logarithm of the power in a band, shape (n_trials, n_names)."""
    X = np.asarray(trials.X)[:, [trials.ch_names.index(name) for name in names]]
    freqs, power = welch(X, trials.sfreq, nperseg=round(trials.sfreq))
    return np.log(power[..., (freqs >= low) & (freqs <= high)].mean(-1))


def across_people(trials):
    """Accuracy on people the decoder has not seen."""
    X, y, groups = BandPower().fit_transform(trials.X), trials.y, trials.groups
    return cross_val_score(linear(), X, y, groups=groups, cv=GroupKFold(4)).mean()


def across_sessions(trials):
    """Accuracy in a session the decoder has not seen."""
    X, first = BandPower().fit_transform(trials.X), trials.metadata["session"] == "0"
    return linear().fit(X[first], trials.y[first]).score(X[~first], trials.y[~first])


def linear():
    return make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=300, tol=1e-3))


# Summed with weights that tell samples apart. Digests of the bytes would be stricter, but their
# last bits are the CPU's.
@pytest.mark.parametrize(
    ("options", "sums"),
    [
        ({"n_subjects": 3}, [89608.01313866313, 259986889.811516, 67686828]),
        (
            {
                "n_subjects": 3,
                "n_trials": 13,
                "n_classes": 4,
                "sfreq": 250.0,
                "duration": 2.5,
                "channels": ["C3", "CP4", "Oz"],
                "difficulty": "hard",
                "random_state": 7,
            },
            [5632.3015887716365, 28333316.958611056, 4353565],
        ),
    ],
)
def test_motor_imagery_is_what_it_was(options, sums):
    trials = Simulated(**options).load()
    X = np.asarray(trials.X, dtype=float).ravel()
    weights = np.sin(np.arange(len(X)) ** 0.7)
    letters = "".join(trials.y).encode()
    seen = [X @ weights, X @ X, sum(i * c for i, c in enumerate(letters))]
    np.testing.assert_allclose(seen, sums, rtol=1e-6)
    same = Simulated(condition="motor_imagery", **options).load()
    assert np.array_equal(trials.X, same.X)


@pytest.mark.parametrize("condition", NEW)
def test_contract(condition):
    # `classes` are those of the default condition; a subclass tells the ones of this condition.
    cls = type(condition, (Simulated,), {"classes": CLASSES[condition]})
    checks = testing.dataset_checks(cls(condition=condition, n_subjects=3, n_trials=12))
    assert len(checks) >= 4
    for check in checks:
        check()


@pytest.mark.parametrize("condition", NEW)
@pytest.mark.parametrize("difficulty", ["easy", "medium", "hard"])
def test_amplitudes_are_those_of_eeg(condition, difficulty):
    trials = load_dataset("simulated", condition=condition, difficulty=difficulty, n_subjects=4)
    rms = np.asarray(trials.X).std(axis=2).mean(axis=0)
    assert 8 < np.median(rms) < 30
    assert np.abs(trials.X).max() < 700


@pytest.mark.parametrize("condition", NEW)
def test_when_and_who(condition):
    trials = Simulated(condition=condition, n_subjects=3, n_trials=24).load()
    table = trials.metadata.assign(y=trials.y)
    assert (table.groupby("session")["run"].unique().map(list) == [["0", "1"], ["2", "3"]]).all()
    counts = table.groupby(["subject", "run"])["y"].value_counts()
    assert counts.nunique() == 1  # as many of each class in every run of everybody
    assert list(table["subject"].unique()) == ["S01", "S02", "S03"]
    alone = Simulated(condition=condition, n_subjects=3, n_trials=24, subjects=[2]).load()
    assert np.array_equal(alone.X, trials.X[trials.groups == "S02"])
    other = Simulated(condition=condition, n_subjects=3, n_trials=24, random_state=1).load()
    assert not np.array_equal(other.X, trials.X)


@pytest.mark.parametrize("condition", ["seizure", "emotion"])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_classes(condition, n_classes):
    trials = Simulated(condition=condition, n_subjects=1, n_trials=13, n_classes=n_classes).load()
    labels, counts = np.unique(trials.y, return_counts=True)
    assert set(labels) == set(CLASSES[condition][:n_classes])
    assert np.ptp(counts) <= 1


@pytest.mark.parametrize("n_trials", [2, 3, 5])
@pytest.mark.parametrize("condition", NEW)
def test_few_trials(condition, n_trials):
    options = {} if condition == "identity" else {"n_classes": 2}
    trials = Simulated(condition=condition, n_subjects=1, n_trials=n_trials, **options).load()
    assert trials.X.shape == (n_trials, 19, 384)
    assert np.isfinite(trials.X).all()


class TestSeizure:
    def test_a_run_ends_in_a_seizure(self):
        trials = Simulated(condition="seizure", n_subjects=2, n_classes=3, n_trials=24).load()
        for _, run in trials.metadata.assign(y=trials.y).groupby(["subject", "run"]):
            assert list(run["y"]) == ["background"] * 2 + ["preictal"] * 2 + ["seizure"] * 2
            assert list(run["onset"]) == [0, 3, 6, 9, 12, 15]

    def test_trials_of_a_run_are_one_recording(self):
        trials = Simulated(condition="seizure", difficulty="easy").load()
        X = np.asarray(trials.X, dtype=float)
        same = (trials.metadata["run"] == trials.metadata["run"].shift(-1)).to_numpy()[:-1]
        # The line's phase and the blinks are each trial's own; slow activity goes on.
        jump = np.abs(X[1:, :, :4].mean(-1) - X[:-1, :, -4:].mean(-1))
        assert np.median(jump[same]) < 0.5 * np.median(jump[~same])

    def test_the_rhythm_is_at_the_focus_first_and_spreads(self):
        trials = Simulated(condition="seizure", difficulty="easy", random_state=3).load()
        focal = trials.metadata["focus"] != "generalised"
        assert 0 < focal.sum() < len(trials)
        first, late = [], []
        for (_, _), rows in trials.metadata[focal].groupby(["subject", "run"]):
            part = trials[rows.index]
            focus = rows["focus"].iloc[0]
            power = log_power(part, part.ch_names, 2, 8)
            rise = power - power[:5].mean(0)  # the first five trials are background
            first.append(rise[5, part.ch_names.index(focus)])
            late.append((rise[5].clip(0).mean(), rise[9].clip(0).mean()))
        assert np.mean(first) > 1.5
        early_everywhere, late_everywhere = np.mean(late, axis=0)
        assert late_everywhere > 1.5 * early_everywhere

    def test_generalised_seizures_are_of_3_hz_and_focal_ones_slow_down(self):
        trials = Simulated(condition="seizure", difficulty="easy", random_state=3).load()
        peaks = {True: [], False: []}
        for (_, _), rows in trials.metadata.groupby(["subject", "run"]):
            focus = rows["focus"].iloc[0]
            name = "Fz" if focus == "generalised" else focus
            X = np.asarray(trials.X)[rows.index[[5, 9]], trials.ch_names.index(name)]
            freqs, power = welch(X, trials.sfreq, nperseg=384)
            inside = (freqs > 1.5) & (freqs < 10)
            peaks[focus == "generalised"].append(freqs[inside][power[:, inside].argmax(1)])
        start, end = np.median(peaks[True], axis=0)
        assert 2.5 < end <= start < 4.2
        start, end = np.median(peaks[False], axis=0)
        assert 4.5 < start < 7.5
        assert 2 < end < 4.2

    def test_discharges_come_more_often_before_a_seizure(self):
        trials = Simulated(
            condition="seizure", difficulty="easy", n_classes=3, n_trials=120, n_subjects=4
        ).load()
        power = log_power(trials, trials.ch_names, 2, 8).mean(1)
        for person in np.unique(trials.groups):
            mine = trials.groups == person
            before, background = (
                power[mine & (trials.y == name)].mean() for name in ("preictal", "background")
            )
            assert before > background


class TestEmotion:
    def test_frontal_alpha_is_asymmetric(self):
        trials = Simulated(condition="emotion", n_trials=60).load()
        left, right = log_power(trials, ["F3", "F4"], 8, 12).T
        asymmetry = right - left
        means = {name: asymmetry[trials.y == name].mean() for name in np.unique(trials.y)}
        assert means["positive"] > means["neutral"] + 0.2
        assert means["neutral"] > means["negative"] + 0.2
        for person in np.unique(trials.groups):
            mine = trials.groups == person
            of = [asymmetry[mine & (trials.y == name)].mean() for name in ("positive", "negative")]
            assert of[0] > of[1]

    def test_temporal_beta_and_posterior_alpha(self):
        trials = Simulated(condition="emotion", n_trials=60).load()
        beta = log_power(trials, ["T7", "T8"], 17, 26).mean(1)
        alpha = log_power(trials, ["O1", "O2"], 8, 12).mean(1)
        for power, name in ((beta, "positive"), (alpha, "neutral")):
            means = {label: power[trials.y == label].mean() for label in np.unique(trials.y)}
            assert max(means, key=means.get) == name
            assert means[name] > sorted(means.values())[1] + 0.3


class TestIdentity:
    def test_the_peak_of_alpha_is_the_person_s(self):
        trials = Simulated(condition="identity", difficulty="easy", n_trials=60).load()
        names = [trials.ch_names.index(name) for name in ("O1", "O2", "P3", "P4")]
        freqs, power = welch(np.asarray(trials.X)[:, names], trials.sfreq, nperseg=384)
        inside = (freqs > 7) & (freqs < 13)
        planted, seen = [], []
        for _, rows in trials.metadata.groupby(["subject", "session"]):
            excess = power[rows.index].mean((0, 1)) * freqs  # without most of the 1/f
            seen.append(freqs[inside][excess[inside].argmax()])
            planted.append(rows["alpha_hz"].iloc[0])
        assert np.abs(np.subtract(seen, planted)).max() < 0.8
        assert np.corrcoef(seen, planted)[0, 1] > 0.9

    def test_people_differ_in_slope_more_than_their_sessions_do(self):
        trials = Simulated(condition="identity", n_trials=60, random_state=2).load()
        low = log_power(trials, ["Cz", "Pz", "F3"], 2, 4).mean(1)
        high = log_power(trials, ["Cz", "Pz", "F3"], 30, 40).mean(1)
        table = trials.metadata.assign(fall=low - high)
        fall = table.groupby(["subject", "session"])["fall"].mean().unstack()
        assert fall.mean(axis=1).std() > 3 * fall.diff(axis=1)["1"].std()

    def test_the_label_is_the_person(self):
        trials = Simulated(condition="identity", n_subjects=3, n_trials=4).load()
        assert list(trials.y) == list(trials.groups)


@pytest.mark.parametrize(
    ("condition", "low", "high", "score"),
    [
        ("seizure", 0.78, 0.95, across_people),
        ("emotion", 0.65, 0.95, across_people),
        ("identity", 0.8, 0.99, across_sessions),
    ],
)
def test_a_simple_decoder_is_well_above_chance_and_levels_are_ordered(condition, low, high, score):
    scores = {
        level: score(Simulated(condition=condition, difficulty=level, n_subjects=8).load())
        for level in ("easy", "medium", "hard")
    }
    assert low < scores["medium"] < high
    assert scores["easy"] > scores["medium"] > scores["hard"]
    chance = {"seizure": 1 / 2, "emotion": 1 / 3, "identity": 1 / 8}[condition]
    assert scores["hard"] > chance + 0.1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"condition": "sleep"}, "condition is 'sleep'; expected one of 'motor_imagery', "),
        ({"condition": "seizure", "n_classes": 4}, "n_classes is 4; expected 2 or 3 for 'seizure'"),
        ({"condition": "emotion", "n_classes": 1}, "n_classes is 1; expected 2 or 3"),
        ({"condition": "identity", "n_classes": 2}, "the label of 'identity' is the person"),
        ({"condition": "emotion", "n_trials": 2}, "n_trials is 2; .* of at least 3"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(ValueError, match=message):
        Simulated(**options).load()
