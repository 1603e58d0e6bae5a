"""``eegkit explain``: what a model looks at in somebody's recording."""

import mne
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import eegkit
from eegkit import load_dataset
from eegkit.cli import main
from eegkit.experiment import parse_pipeline

CHANNELS = ["C3", "Cz", "C4", "Pz"]
OPTIONS = {"n_trials": 8, "channels": CHANNELS, "difficulty": "easy"}


def run(*arguments, code=0):
    done = CliRunner().invoke(main, ["explain", *map(str, arguments)])
    assert done.exit_code == code, done.output
    return done


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A model of two people, and a third one's trials as a recording in another order."""
    folder = tmp_path_factory.mktemp("explain")
    trials = load_dataset("simulated", n_subjects=3, **OPTIONS)
    new = trials.groups == "S03"
    old = trials[~new]
    eegkit.save(parse_pipeline("band_power+lr").fit(old.X, old.y), folder / "model.eegkit")
    signals = np.concatenate(list(np.asarray(trials.X[new], dtype=float)), axis=1) * 1e-6
    info = mne.create_info(CHANNELS[::-1], trials.sfreq, "eeg")
    raw = mne.io.RawArray(signals[::-1], info, verbose="error")
    raw.save(folder / "new_raw.fif", verbose="error")
    return folder


def test_a_picture_and_a_table_of_every_window(folder, tmp_path):
    out = tmp_path / "sub" / "map.png"
    done = run(folder / "model.eegkit", folder / "new_raw.fif", "--out", out, "--no-check")
    assert "8 windows by occlusion. Not checked: nothing here says" in done.output
    assert out.read_bytes().startswith(b"\x89PNG")
    table = pd.read_csv(out.with_suffix(".csv"))
    assert list(table) == ["onset_s", "class", "channel", "attribution"]
    assert sorted(set(table["onset_s"])) == [3.0 * i for i in range(8)]
    trials = load_dataset("simulated", n_subjects=3, **OPTIONS)
    decoder = eegkit.load(folder / "model.eegkit")
    expected = eegkit.explain(decoder, trials[trials.groups == "S03"], method="occlusion")
    values = table["attribution"].to_numpy().reshape(8, 4)
    np.testing.assert_allclose(values, expected.values, atol=1e-3)
    assert list(table["channel"][:4]) == CHANNELS


def test_the_verdict_of_the_check_is_printed_and_no_error(folder, tmp_path):
    rng = np.random.default_rng(0)
    trials = load_dataset("simulated", n_subjects=3, **OPTIONS)
    ignorant = parse_pipeline("band_power+lr").fit(trials.X, rng.permutation(trials.y))
    ignorant[-1].coef_[:] = 0  # which looks at nothing
    eegkit.save(ignorant, tmp_path / "ignorant.eegkit")
    out = tmp_path / "map.png"
    done = run(tmp_path / "ignorant.eegkit", folder / "new_raw.fif", "--out", out)
    assert "8 windows by occlusion. Not to be trusted: " in done.output
    assert "Not checked is whether the decoder knows the classes, since no labels" in done.output
    assert out.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--out", "map.txt"], "--out is map.txt; expected a name that ends in .png, .pdf, .svg"),
        (["--method", "saliency"], "saliency looks into nets, but LogisticRegression is none"),
        (["--method", "oclusion"], "method is 'oclusion'; did you mean 'occlusion'"),
        (["--sfreq", "100"], "leave it out"),
    ],
)
def test_what_does_not_fit_is_told(folder, arguments, message):
    done = run(folder / "model.eegkit", folder / "new_raw.fif", *arguments, code=1)
    assert message in " ".join(done.stderr.split())
    assert "Traceback" not in done.output
