"""The registry, with distributions that are really installed and really removed.

Each test gets a virtual environment whose packages are links to those of the running one,
without the plugins; plugins are then installed into it and uninstalled from it.
"""

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from eegkit import registry

ROOT = Path(__file__).parents[1]
PLUGINS = tuple(path.name.replace("-", "_") for path in (ROOT / "plugins").iterdir())


class Environment:
    """A virtual environment to install plugins into."""

    def __init__(self, folder):
        venv.create(folder / "env", with_pip=False)
        self.python = folder / "env" / "bin" / "python"
        self.folder = folder
        [site] = (folder / "env" / "lib").glob("python*/site-packages")
        for entry in Path(sysconfig.get_path("purelib")).iterdir():
            plain = entry.name.lower().lstrip("_").replace("-", "_")
            if not plain.startswith(PLUGINS) and entry.name not in (
                "__pycache__",
                "_virtualenv.pth",
            ):
                target = site / entry.name
                if not target.exists():
                    target.symlink_to(entry)

    def run(self, *arguments, variables=None, check=True):
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("COV_", "VIRTUAL"))}
        done = subprocess.run(
            [self.python, *arguments],
            capture_output=True,
            text=True,
            env=environment | (variables or {}),
            cwd=self.folder,
        )
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def names(self, kind="classifiers", **options):
        listed = self.run("-m", "eegkit", "list", kind, "--names", **options)
        return listed.stdout.split()

    def _uv(self, *arguments):
        command = [sys.executable, "-m", "uv", "pip", *arguments, "--offline"]
        subprocess.run([*command, "--python", str(self.python)], check=True, capture_output=True)

    def install(self, project):
        self._uv("install", "--no-deps", "--no-build-isolation", str(project))

    def uninstall(self, name):
        subprocess.run(
            [sys.executable, "-m", "uv", "pip", "uninstall", name, "--python", str(self.python)],
            check=True,
            capture_output=True,
        )


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    return Environment(tmp_path_factory.mktemp("plugins"))


def write_plugin(folder, name, code, *, entry, group="eegkit.classifiers"):
    """A distribution of one module that registers one class."""
    module = name.replace("-", "_")
    project = folder / name
    project.mkdir()
    (project / f"{module}.py").write_text(code)
    (project / "pyproject.toml").write_text(
        f"""
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "{name}"
version = "1.0"
[project.entry-points."{group}"]
{entry} = "{module}:Net"
[tool.hatch.build.targets.wheel]
include = ["{module}.py"]
"""
    )
    return project


NET = '''
from sklearn.dummy import DummyClassifier
class Net(DummyClassifier):
    """A net from {}."""
'''
FAMILY = '''
print("imported", flush=True)
from eegkit.datasets import Simulated
class One(Simulated):
    """The first of the family."""
    title = "One"
class Two(One):
    """The second of the family."""
    classes = tuple("abcdefgh")
class Net:
    """Simulated data sets of {}."""
    @classmethod
    def member_names(cls):
        return ["One", "Two"]
    @classmethod
    def member(cls, name):
        return {{"One": One, "Two": Two}}[name]
'''
FAMILY_ASKED = """
from click.testing import CliRunner
from eegkit import load_dataset, registry
from eegkit.cli import main
WORDS = ("list datasets --names", "list datasets", "list datasets --check")
for words in (*WORDS, "info kin", "info kin:One"):
    print(CliRunner().invoke(main, words.split()).output)
print(load_dataset("kin:One", n_subjects=2, n_trials=2))
for name in ("kin", "kin:two", "kim:Two", "kin:elephant", "kind"):
    try:
        registry.get("datasets", name)
    except ValueError as error:
        print(error)
"""
BROKEN = 'raise RuntimeError("this plugin needs a newer eegkit")'


def test_a_plugin_comes_and_goes(environment):
    get = "from eegkit import registry; print(registry.get('classifiers', 'eegnet'))"
    assert "eegnet" not in environment.names()
    assert "No classifier is named 'eegnet'" in environment.run("-c", get, check=False).stderr
    environment.install(ROOT / "plugins" / "eegkit-convnets")
    try:
        assert "eegnet" in environment.names()
        assert "eegkit_convnets.eegnet.EEGNet" in environment.run("-c", get).stdout
        assert "eegnet" not in environment.names(variables={"EEGKIT_NO_PLUGINS": "1"})
    finally:
        environment.uninstall("eegkit-convnets")
    assert "eegnet" not in environment.names()


def test_a_broken_plugin_breaks_nothing_else(environment, tmp_path):
    environment.install(write_plugin(tmp_path, "eegkit-broken", BROKEN, entry="brokennet"))
    try:
        listed = environment.run(
            "-m", "eegkit", "list", "classifiers", "--check", variables={"COLUMNS": "200"}
        )
        assert "this plugin needs a newer eegkit" in listed.stdout
        assert "cnn_bigru" in listed.stdout
        asked = environment.run("-m", "eegkit", "info", "brokennet", check=False)
        assert "this plugin needs a newer eegkit" in asked.stdout + asked.stderr
        code = "from eegkit import registry; registry.get('classifiers', 'brokennet')"
        raised = environment.run("-c", code, check=False).stderr
        assert "of the distribution 'eegkit-broken'" in raised
        assert "Traceback" in raised.split("PluginError", 1)[1]
    finally:
        environment.uninstall("eegkit-broken")


def test_two_plugins_claim_one_name(environment, tmp_path):
    for name in ("eegkit-one", "eegkit-two"):
        environment.install(write_plugin(tmp_path, name, NET.format(name), entry="same"))
    try:
        assert {"eegkit-one:same", "eegkit-two:same"} <= set(environment.names())
        get = "from eegkit import registry; print(registry.get('classifiers', '{}').__doc__)"
        clash = environment.run("-c", get.format("same"), check=False).stderr
        assert "claimed by 2 distributions; ask for 'eegkit-one:same' or 'eegkit-two:same'" in clash
        assert "from eegkit-two" in environment.run("-c", get.format("eegkit-two:same")).stdout
    finally:
        for name in ("eegkit-one", "eegkit-two"):
            environment.uninstall(name)


def test_a_family_of_data_sets(environment, tmp_path):
    families = "eegkit.datasets.families"
    for name in ("eegkit-kin", "eegkit-kith"):
        code = FAMILY.format(name)
        environment.install(write_plugin(tmp_path, name, code, entry="kin", group=families))
        if name == "eegkit-kin":
            check_a_single_family(environment)
    try:
        asked = """
from eegkit import registry
for name in ("eegkit-kith:kin:Two", "kin:Two"):
    print(registry.get("datasets", name).__doc__)
"""
        clash = environment.run("-c", asked, check=False)
        assert "The second of the family." in clash.stdout
        assert "ask for 'eegkit-kin:kin:Two' or 'eegkit-kith:kin:Two'" in clash.stderr
    finally:
        for name in ("eegkit-kin", "eegkit-kith"):
            environment.uninstall(name)


def check_a_single_family(environment):
    done = environment.run("-c", FAMILY_ASKED, variables={"COLUMNS": "200"}).stdout
    named, _, rest = done.partition("imported")  # once, and after the names were listed
    assert "kin:<code>" in named.split()
    assert "imported" not in rest
    for told in (
        "Simulated data sets of eegkit-kin.",
        "left_hand, right_hand",
        "a, b, c, d, e, ... (8 in all)",
        "kin:One: data set One, from the distribution eegkit-kin",
        "<Trials: 4 trials of 2 people",
        "'kin' is a family of datasets; name one of them, as kin:<code>.",
        "No dataset of the family 'kin' is named 'two'; did you mean 'kin:Two'?",
        "No dataset is named 'kim:Two'; did you mean 'kin:Two'?",
        "is named 'elephant'. All 2 are listed by: eegkit info kin",
        "simulated, kin:<code>.",
    ):
        assert told in done
    assert "kin:<code>" not in environment.names("datasets", variables={"EEGKIT_NO_PLUGINS": "1"})


def test_the_core_registers_itself_as_plugins_do():
    for kind in registry.KINDS:
        assert any(entry.distribution == "eegkit" for entry in registry.entries(kind))
        for name in registry.names(kind):
            description = registry.describe(kind, name)
            assert description.failure is None
            assert description.summary.endswith(".")
    assert registry.failures() == {}


def test_unknown_names_and_kinds():
    with pytest.raises(ValueError, match=r"did you mean 'cnn_bigru'"):
        registry.get("classifiers", "cnn_bigro")
    with pytest.raises(ValueError, match="kind is 'nets'; expected one of 'datasets'"):
        registry.names("nets")
