import numpy as np
import pytest
from scipy.signal import welch
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from eegkit.datasets import Simulated, load_dataset
from eegkit.evaluation import audit_split
from eegkit.transforms import BandPower, SubjectStandardizer


def band_power(trials, names=("C3", "C4"), bands=((8, 13), (16, 26))):
    """Log power after the onset of the ERD, shape (n_trials, n_names * n_bands)."""
    X = np.asarray(trials.X)[:, [trials.ch_names.index(name) for name in names]]
    X = X[..., round(0.7 * trials.sfreq) :]
    freqs, power = welch(X, trials.sfreq, nperseg=128)
    return np.concatenate(
        [np.log(power[..., (freqs >= low) & (freqs <= high)].mean(-1)) for low, high in bands], 1
    )


def linear():
    return make_pipeline(StandardScaler(), LogisticRegression())


def test_shape_labels_and_metadata_by_default():
    trials = load_dataset("simulated")
    assert trials.X.shape == (400, 19, 384)
    assert trials.X.dtype == np.float32
    assert trials.X.flags.c_contiguous
    assert np.isfinite(trials.X).all()
    assert list(np.unique(trials.groups)) == [f"S{i:02d}" for i in range(1, 11)]
    assert trials.info["chs"][0]["loc"][:3].any()
    table = trials.metadata.assign(y=trials.y)
    assert (table.groupby("subject")["y"].value_counts() == 20).all()
    assert (table.groupby(["subject", "run"])["y"].value_counts() == 5).all()
    assert (table.groupby("session")["run"].unique().map(list) == [["0", "1"], ["2", "3"]]).all()
    assert list(table.loc[table["subject"] == "S03", "trial"]) == list(range(40))


@pytest.mark.parametrize("n_classes", [2, 3, 4])
def test_classes_are_balanced_where_they_can_be(n_classes):
    y = Simulated(n_subjects=1, n_trials=13, n_classes=n_classes).load().y
    _, counts = np.unique(y, return_counts=True)
    assert len(counts) == n_classes
    assert np.ptp(counts) <= 1


def test_same_seed_same_bytes_and_the_global_generator_is_untouched():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    first, second = (Simulated(n_subjects=2, n_trials=6).load() for _ in range(2))
    assert np.array_equal(np.random.get_state()[1], before)  # noqa: NPY002
    assert first.X.tobytes() == second.X.tobytes()
    assert list(first.y) == list(second.y)
    other = Simulated(n_subjects=2, n_trials=6, random_state=1).load()
    assert not np.array_equal(first.X, other.X)


def test_a_person_does_not_depend_on_the_others():
    everybody = Simulated(n_subjects=4, n_trials=6).load()
    chosen = Simulated(n_subjects=7, n_trials=6, subjects=[3, 1]).load()
    assert list(chosen.groups) == ["S03"] * 6 + ["S01"] * 6
    assert np.array_equal(chosen.X[:6], everybody[everybody.groups == "S03"].X)
    assert np.array_equal(chosen.X[6:], everybody[everybody.groups == "S01"].X)


def test_chosen_channels_keep_the_scale_of_the_whole_head():
    few = Simulated(n_subjects=3, channels=["C3", "CP4", "Cz"]).load()
    whole = Simulated(n_subjects=3).load()
    assert few.ch_names == ["C3", "CP4", "Cz"]
    at_c3 = whole.X[:, whole.ch_names.index("C3")].std()
    assert few.X[:, 0].std() == pytest.approx(at_c3, rel=0.1)


def test_amplitudes_are_those_of_eeg():
    trials = Simulated().load()
    rms = np.asarray(trials.X).std(axis=2).mean(axis=0)
    assert 8 < np.median(rms) < 25
    assert np.abs(trials.X).max() < 400
    # Blinks are frontal.
    largest = np.abs(trials.X).max(axis=(0, 2))
    assert trials.ch_names[int(largest.argmax())] in ("Fp1", "Fp2")


def test_the_spectrum_falls_and_shows_the_mu_rhythm_and_the_line():
    trials = Simulated(n_subjects=6, duration=4.0, sfreq=160.0).load()
    freqs, power = welch(trials.X[:, trials.ch_names.index("C3")], 160.0, nperseg=320)
    mean = power.mean(0)

    def at(low, high):
        return mean[(freqs >= low) & (freqs <= high)].mean()

    assert at(2, 4) > 2 * at(30, 40)
    assert at(9, 12) > 2 * at(5, 7)
    assert at(50, 50) > 2 * at(40, 48)


def test_imagining_a_hand_desynchronises_the_other_side():
    trials = Simulated(n_trials=60).load()
    power = band_power(trials, ("C3", "C4"), [(8, 13)])
    left, right = trials.y == "left_hand", trials.y == "right_hand"
    laterality = power[:, 0] - power[:, 1]
    for person in np.unique(trials.groups):
        mine = trials.groups == person
        assert laterality[mine & left].mean() > laterality[mine & right].mean()
    # ERD: power over the contralateral side is lower, in percent of the other hand's.
    assert power[right, 0].mean() < power[left, 0].mean() - 0.4
    assert power[left, 1].mean() < power[right, 1].mean() - 0.4


def test_imagining_the_feet_desynchronises_the_midline():
    trials = Simulated(n_classes=4, n_trials=60).load()
    power = band_power(trials, ("C3", "Cz", "C4"), [(8, 13)])
    midline = power[:, 1] - power[:, [0, 2]].mean(1)
    means = {name: midline[trials.y == name].mean() for name in np.unique(trials.y)}
    assert min(means, key=means.get) == "feet"


def test_the_erd_begins_after_the_cue():
    trials = Simulated(n_trials=80, difficulty="easy").load()
    before = np.asarray(trials.X)[:, [trials.ch_names.index(c) for c in ("C3", "C4")], :32]
    power = np.log((before**2).mean(-1))
    laterality = power[:, 0] - power[:, 1]
    left, right = (laterality[trials.y == name].mean() for name in ("left_hand", "right_hand"))
    assert abs(left - right) < 0.25


def test_band_power_of_other_people_decodes_clearly_but_not_perfectly():
    means = []
    for seed in (0, 1):
        trials = Simulated(random_state=seed).load()
        X, y, groups = band_power(trials), trials.y, trials.groups
        scores = cross_val_score(linear(), X, y, groups=groups, cv=GroupKFold(10))
        means.append(scores.mean())
    assert 0.75 < np.mean(means) < 0.92


def test_levels_are_ordered_and_easy_is_easy_within_a_person():
    across = {}
    for level in ("easy", "medium", "hard"):
        trials = Simulated(difficulty=level).load()
        X, y, groups = band_power(trials), trials.y, trials.groups
        scores = cross_val_score(linear(), X, y, groups=groups, cv=GroupKFold(10))
        across[level] = scores.mean()
        if level == "easy":
            within = [
                cross_val_score(linear(), X[groups == g], y[groups == g], cv=5).mean()
                for g in np.unique(groups)
            ]
            assert np.mean(within) > 0.95
    assert across["easy"] > across["medium"] > across["hard"] > 0.55


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_trials": 1}, "n_trials is 1"),
        ({"n_trials": 10**13}, "n_trials is 10000000000000; expected a whole number from 1 to"),
        ({"n_trials": 10**400}, "expected a whole number from 1 to"),
        ({"n_trials": 10**7}, "n_trials is 10000000, with which X takes .* GB; expected at most"),
        ({"n_subjects": 0}, "n_subjects is 0"),
        ({"n_subjects": 10**9}, "n_subjects is 1000000000; expected a whole number from 1 to"),
        ({"n_subjects": 2.0}, "n_subjects is 2.0"),
        ({"n_classes": 5}, "n_classes is 5; expected 2, 3 or 4"),
        ({"sfreq": 40}, "sfreq is 40; expected a number of at least 64"),
        ({"duration": 0.2}, "duration is 0.2; expected a number of at least 1"),
        ({"difficulty": "trivial"}, "expected one of 'easy', 'medium', 'hard'"),
        ({"random_state": None}, "random_state is None"),
        ({"subjects": [11]}, "no subject 11; expected .* from 1 to 10"),
        ({"subjects": []}, "subjects is empty"),
        ({"subjects": [1, 1]}, "names somebody twice"),
        ({"channels": ["C3", "XY"]}, "unknown: XY"),
        ({"channels": []}, "expected different names"),
        ({"channels": ["C3", "C3"]}, "expected different names"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(ValueError, match=message):
        Simulated(**options).load()


@pytest.mark.parametrize("condition", ["motor_imagery", "seizure", "emotion", "identity"])
def test_trials_know_when_they_began(condition):
    trials = Simulated(condition=condition, n_subjects=2, n_trials=8, duration=2).load()
    assert trials.metadata["onset"].tolist() == 8 * [0, 2]
    assert trials.X.onsets.tolist() == 2 * [0, 2, 4, 6, 8, 10, 12, 14]


def test_the_audit_finds_all_that_it_needs():
    trials = Simulated(n_subjects=3, n_trials=8, duration=1).load()
    assert trials.metadata["recording"].nunique() == 3 * 4
    assert audit_split(trials, "group-3").findings.empty


def test_features_can_be_calibrated_by_seconds():
    trials = Simulated(n_subjects=2, n_trials=12, random_state=0).load()
    step = SubjectStandardizer(access="calibration", calibration_s=18.0)
    features = BandPower().fit_transform(trials.X)
    assert step.fit(features).calibration_rows(features).sum() == 12
