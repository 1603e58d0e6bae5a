from click.testing import CliRunner

from eegkit.cli import main
from eegkit.testing import example_trials
from eegkit.transforms import STFT, Cached


def run(*arguments, **env):
    done = CliRunner(env=env).invoke(main, ["cache", *map(str, arguments)], terminal_width=200)
    assert done.exit_code == 0, done.output
    return " ".join(done.output.split())


def test_what_is_kept_is_listed_and_cleared(tmp_path):
    Cached(STFT(nperseg=32), tmp_path).fit_transform(example_trials().X)
    (tmp_path / "mine.npy").write_bytes(b"not a cache's")
    assert "1 files" in run("list", "--folder", tmp_path)
    assert "stft" in run("list", EEGKIT_CACHE=str(tmp_path))
    assert "MB freed" in run("clear", "--folder", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.npy"]
    assert "0 files" in run("list", "--folder", tmp_path)
