"""What the command says where something goes wrong, and on the way."""

from click.testing import CliRunner

from eegkit.cli import main

SMALL = [
    "--dataset", "simulated", "--option", "n_subjects=4", "--option", "n_trials=8",
    "--option", "channels=C3,Cz,C4",
]  # fmt: skip
BASELINE = ["--pipeline", "band_power+lr"]


def run(*arguments, code=0, **options):
    done = CliRunner().invoke(main, list(arguments), **options)
    assert done.exit_code == code, done.output
    return done


def words(text):
    return " ".join(text.split())


def test_people_to_be_told_apart(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    command = ["evaluate", *SMALL, *BASELINE, "--label", "subject"]
    split = '{"by": "session", "train": ["0"], "test": ["1"]}'
    said = f"keep their sessions apart instead: cv={split}."
    apart = run(*command, "--cv", "stratified-group-2")
    assert said in words(apart.stderr)
    assert "stratified-group-5" not in apart.output
    known = run(*command, "--cv", split)
    assert "this is identification. People must be known in training, and" in words(known.stdout)
    assert "Warning" not in known.stderr
    folder = tmp_path / "results" / "simulated-band_power+lr-fixed_by_session"
    assert (folder / "results.csv").is_file()


def test_a_split_that_is_no_mapping():
    done = run("evaluate", *SMALL, *BASELINE, "--cv", '{"by": session}', code=2)
    assert 'is no mapping; write \'{"by": "session"' in words(done.stderr)
