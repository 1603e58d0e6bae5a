"""A plugin that ends the process, never returns or is none of its kind hurts itself only."""

import importlib
import sys

import numpy as np
import pytest
from click.testing import CliRunner
from sklearn.dummy import DummyClassifier

import eegkit
from eegkit import registry
from eegkit.cli import main
from eegkit.datasets import Recording, WindowedDataset
from eegkit.overview import contents, overview
from eegkit.signals import SignalArray
from eegkit.testing import example_trials
from eegkit.transforms import STFT, Crop

BODIES = {
    "odd_exit": "import sys; sys.exit(3)",
    "odd_base": "class E(BaseException): pass\nraise E('no [/x] today')",
    "odd_generator": "raise GeneratorExit",
    "odd_end": "import os; os._exit(0)",
    "odd_key": "raise KeyboardInterrupt",
    "odd_none": "P = None",
    "odd_number": "P = 5",
    "odd_function": "def P(): pass",
    "odd_class": "class P: pass",
    "odd_made": "from eegkit.transforms import Crop\nP = Crop()",
    "odd_kind": "from eegkit.classifiers import CNNBiGRU as P",
    "odd_data": "from eegkit.datasets import Simulated as P",
    "odd_doc": "from eegkit.transforms import Crop\nclass P(Crop): __doc__ = 5",
    "odd_print": "print('x')\nfrom eegkit.transforms import Crop as P",
}
RIGHT = ("odd_doc", "odd_print")
ENDS = ("odd_end", "odd_key")  # tell whatever is above them to end, too


@pytest.fixture
def install(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    modules = set(sys.modules)

    def add(name, body, group="eegkit.transforms", line="P", entry=None):
        info = tmp_path / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\nSummary: About the package.\n"
        )
        (info / "entry_points.txt").write_text(f"[{group}]\n{entry or name} = {name}:{line}\n")
        (tmp_path / f"{name}.py").write_text(body)
        importlib.invalidate_caches()

    yield add
    for name in set(sys.modules) - modules:
        if name.startswith("odd_"):
            del sys.modules[name]
    registry._failures.clear()


def test_all_are_listed_whatever_one_does(install):
    for name, body in BODIES.items():
        install(name, body)
    listed = {d.entry.name: d for d in overview(["transforms"])}
    assert listed["stft"].summary.startswith("Short-time")
    for name in BODIES:
        assert (listed[name].failure is None) == (name in RIGHT)
    assert "SystemExit: 3" in listed["odd_exit"].failure
    assert "ended the process" in listed["odd_end"].failure


def test_the_command_lists_it(install):
    install("odd_exit", BODIES["odd_base"])
    shown = CliRunner().invoke(main, ["list", "transforms", "--check"], env={"COLUMNS": "250"})
    assert shown.exit_code == 0
    assert "no [/x] today" in shown.output
    assert "Short-time" in shown.output


def test_nothing_is_imported_for_the_list(install):
    """Not even what fails: its line is the class's, or its distribution's."""
    install("odd_broken", 'class P:\n    """A line.\n\n    More."""\nraise OSError', entry="odd_a")
    install("odd_moved", "from odd_broken import P as Q", line="Q", entry="odd_b")
    install("odd_binary", "globals()['P'] = 5", entry="odd_c")
    install("odd_text", "this is no Python", entry="odd_d")
    install("odd_round", "from odd_round import P", entry="odd_e")
    listed = {d.entry.name: d for d in contents(["transforms"])}
    assert listed["odd_a"].summary == listed["odd_b"].summary == "A line."
    assert {listed[f"odd_{letter}"].summary for letter in "cde"} == {"About the package."}
    assert not [name for name in sys.modules if name.startswith("odd_")]
    shown = CliRunner().invoke(main, ["list", "transforms"], env={"COLUMNS": "250"}).output
    assert "A line." in shown
    assert "Short-time" in shown


@pytest.mark.parametrize("kind", registry.KINDS)
def test_the_list_says_what_the_classes_say(kind):
    for description in contents([kind]):
        entry = description.entry
        imported = registry.describe(kind, f"{entry.distribution}:{entry.name}")
        assert description == imported


def test_an_import_that_never_returns(install):
    install("odd_hang", "import threading; threading.Event().wait()")
    [hung] = [d for d in overview(["transforms"], patience_s=0.5) if d.entry.name == "odd_hang"]
    assert "longer than 0.5 s" in hung.failure


@pytest.mark.parametrize("name", [name for name in BODIES if name not in (*RIGHT, *ENDS)])
def test_asked_for_it_says_what_is_wrong(name, install):
    install(name, BODIES[name])
    assert registry.describe("transforms", name).failure
    with pytest.raises(registry.PluginError, match=f"of the distribution '{name}'"):
        registry.get("transforms", name)
    shown = CliRunner().invoke(main, ["info", name])
    assert shown.exit_code == 1
    assert "Traceback" not in shown.output
    assert CliRunner().invoke(main, ["info", "stft"]).exit_code == 0


@pytest.mark.parametrize(
    ("kind", "body", "wrong"),
    [
        ("datasets", "from eegkit.transforms import STFT as P", "has no load, facts"),
        ("classifiers", "from eegkit.transforms import STFT as P", "has no predict"),
        ("transforms", "from eegkit.classifiers import CNNBiGRU as P", "is a classifier"),
        (
            "classifiers",
            "from sklearn.dummy import DummyClassifier\nP = DummyClassifier()",
            "no cl",
        ),
        ("datasets.families", "class P: pass", "has no member_names, member"),
    ],
)
def test_a_class_of_another_kind(install, kind, body, wrong):
    install("odd_one", body, f"eegkit.{kind}")
    assert wrong in registry.describe(kind.partition(".")[0], "odd_one").failure


@pytest.mark.parametrize(
    "body",
    [
        "class P:\n def member_names(): 1 / 0\n def member(name): pass",
        "class P:\n def member_names(): return ['a']\n def member(name): 1 / 0",
        "class P:\n def member_names(): return ['a']\n def member(name): return 5",
    ],
)
def test_a_family_that_fails(install, body):
    install("odd_family", body, "eegkit.datasets.families")
    with pytest.raises(registry.PluginError):
        registry.get("datasets", "odd_family:a")
    assert registry.describe("datasets", "odd_family:a").failure


def test_ctrl_c_is_the_users(install):
    install("odd_key", BODIES["odd_key"])
    with pytest.raises(KeyboardInterrupt):
        registry.get("transforms", "odd_key")


def test_nobody_else_imports_it(install, tmp_path):
    install("odd_exit", BODIES["odd_exit"], line="STFT")
    eegkit.save(STFT(sfreq=64), tmp_path / "model.eegkit")
    trials = example_trials(24)
    trials = eegkit.Trials.from_arrays(
        np.asarray(trials.X), trials.y, sfreq=trials.sfreq, subject=trials.groups
    )
    install("odd_data", BODIES["odd_exit"], "eegkit.datasets")
    results = eegkit.evaluate(DummyClassifier(), {"odd_data": trials}, cv="loso")
    assert eegkit.report(results, tmp_path / "report.html").is_file()
    shown = CliRunner().invoke(main, ["list", "--names"])
    assert {"odd_exit", "odd_data"} <= set(shown.output.split())


@pytest.mark.parametrize(
    ("version", "advice"), [("v99", "; upgrade eegkit."), ("v0", "; upgrade odd_old.")]
)
def test_another_version_of_the_interface(install, tmp_path, version, advice):
    install("odd_old", "raise OSError('imported')")
    points = tmp_path / "odd_old-1.0.dist-info" / "entry_points.txt"
    points.write_text(points.read_text() + f"[eegkit.interface]\nversion = {version}\n")
    with pytest.raises(registry.PluginError, match="interface, and this eegkit has version 1") as e:
        registry.get("transforms", "odd_old")
    assert str(e.value).rstrip().endswith(advice)
    assert "imported" not in str(e.value)
    points.write_text(points.read_text().replace(version, "v1"))


def test_the_same_version_of_the_interface(install, tmp_path):
    install("odd_new", "from eegkit.transforms import Crop as P")
    points = tmp_path / "odd_new-1.0.dist-info" / "entry_points.txt"
    points.write_text(points.read_text() + "[eegkit.interface]\nversion = v1\n")
    assert registry.get("transforms", "odd_new").__name__ == "Crop"


def test_a_name_of_two_plugins_shows_both(install):
    install("odd_exit", BODIES["odd_exit"])
    install("odd_two", "from eegkit.transforms import Crop as P", entry="odd_exit")
    shown = CliRunner().invoke(main, ["info", "odd_exit"])
    assert shown.exit_code == 0
    assert "SystemExit: 3" in " ".join(shown.output.split())
    assert "Keep a part of every trial." in shown.output


class WritesIntoX(Crop):
    def transform_block(self, block):
        block *= 2
        return block


class NoShape(Crop):
    def prepare(self, signals):
        pass


class OtherShape(Crop):
    def transform_block(self, block):
        return block[..., :1]


@pytest.mark.parametrize(
    ("transform", "error", "words"),
    [
        (WritesIntoX(), ValueError, r"transform_block writes into the block .* block\.copy\(\)"),
        (NoShape(), TypeError, r"NoShape\.prepare does not set output_shape_"),
        (OtherShape(), ValueError, r"gives an array of shape \(13, 3, 1\); expected \(13, 3, 96\)"),
    ],
    ids=["in place", "no shape", "other shape"],
)
def test_transforms_are_told_what_they_do_wrong(transform, error, words):
    before = np.asarray(example_trials().X)
    X = SignalArray(before.copy(), sfreq=128.0)
    with pytest.raises(error, match=words):
        transform.fit(X).transform(X)
    np.testing.assert_array_equal(X, before)


def test_a_data_set_that_reads_nothing_is_told_so(tmp_path):
    class Forgetful(WindowedDataset):
        title, folder_name, url, licence, citation = "Lab", "lab", "-", "CC0", "Me"
        size_mb, n_subjects, n_channels, recorded_sfreq, classes = 1.0, 1, 1, 128.0, ("a", "b")

        def recordings(self):
            return [Recording(1, 0, self.folder() / "one.edf")]

        def read(self, recording):
            pass

    (tmp_path / "lab").mkdir()
    (tmp_path / "lab" / "one.edf").write_bytes(b"")
    with pytest.raises(TypeError, match=r"Forgetful\.read gives a NoneType for one\.edf; expected"):
        Forgetful(path=tmp_path).load()
