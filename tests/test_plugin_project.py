"""``eegkit new-plugin``: each kind is written, built, installed without a network, and tested."""

import os
import re
import shutil
import subprocess
import sys
import tomllib

import numpy as np
import pytest
import yaml
from click.testing import CliRunner

from eegkit import __version__, registry
from eegkit.cli import main
from eegkit.plugin_project import KINDS, write_plugin
from eegkit.testing import example_trials


def run(*arguments, code=0):
    done = CliRunner().invoke(main, list(map(str, arguments)))
    assert done.exit_code == code, done.output
    return done


def in_a_process(*command, folder, **variables):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("COV_")} | variables
    done = subprocess.run(
        list(map(str, command)), cwd=folder, capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_plugin_passes_its_own_tests(kind, tmp_path):
    name = f"eegkit-new-{kind}"
    project, target = tmp_path / name, tmp_path / "installed"
    run("new-plugin", name, "--kind", kind, "--out", project)
    in_a_process(
        sys.executable, "-m", "uv", "pip", "install", "--quiet", "--offline", "--no-deps",
        "--no-build-isolation", "--target", target, project, folder=tmp_path,
    )  # fmt: skip
    python = [sys.executable, "-m"]
    tested = in_a_process(*python, "pytest", "-q", folder=project, PYTHONPATH=str(target))
    assert re.search(r"\d+ passed", tested)
    assert "failed" not in tested
    listed = in_a_process(*python, "eegkit", "list", "--names", folder=tmp_path,
                          PYTHONPATH=str(target))  # fmt: skip
    assert f"new_{kind}" in listed.split()


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written(kind, tmp_path):
    files = write_plugin("eegkit-my-lab", kind, tmp_path / "out", author="Ada")
    assert {str(file) for file in files} == {
        ".copier-answers.yml", ".github/workflows/tests.yml", ".gitignore", "LICENSE", "README.md",
        "pyproject.toml", "src/eegkit_my_lab/__init__.py", f"src/eegkit_my_lab/{kind}.py",
        f"tests/test_{kind}.py",
    }  # fmt: skip
    project = tomllib.loads((tmp_path / "out" / "pyproject.toml").read_text())["project"]
    assert project["entry-points"][f"eegkit.{kind}s"] == {"my_lab": "eegkit_my_lab:MyLab"}
    assert project["entry-points"]["eegkit.interface"] == {"version": f"v{registry.INTERFACE}"}
    assert project["dependencies"][0].startswith(f"eegkit>={__version__},<")
    assert "Ada" in (tmp_path / "out" / "LICENSE").read_text()
    answers = yaml.safe_load((tmp_path / "out" / ".copier-answers.yml").read_text())
    assert answers["kind"] == kind
    assert "module" not in answers  # what copier makes of the others, it does not ask
    for file in files:
        assert "{{" not in (tmp_path / "out" / file).read_text().replace("${{ matrix", "")


@pytest.mark.parametrize("kind", KINDS)
def test_recordings_are_those_of_data_sets(kind, tmp_path):
    done = run("new-plugin", "eegkit-my-lab", "--kind", kind, "--out", tmp_path / "out")
    assert ("on your recordings" in done.output) == (kind == "dataset")


@pytest.mark.parametrize("name", ["Eegkit", "my net", "../up", "a--b", "-a", ""])
def test_names_that_are_none(name, tmp_path):
    with pytest.raises(ValueError, match="expected small letters, digits and hyphens"):
        write_plugin(name, "dataset", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_nothing_is_written_over(tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "file").touch()
    done = run("new-plugin", "my-lab", "--kind", "dataset", "--out", tmp_path / "there", code=1)
    assert "is there already" in done.stderr


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A data set that is not installed, and recordings for it."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("COLUMNS", "200")
    run("new-plugin", "eegkit-look", "--kind", "dataset", "--out", tmp_path / "look")
    (tmp_path / "data").mkdir()
    for person in (1, 2):
        trials = example_trials(random_state=person)
        np.savez(tmp_path / "data" / f"person{person}.npz", X=trials.X, y=trials.y)
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("eegkit_look")]:
        del sys.modules[name]


def test_a_project_is_checked(project):
    done = run("check", project / "look", "--path", project / "data")
    assert "dataset look: 7 checks, all passed." in done.output


def test_a_check_that_is_skipped_says_what_it_needs(project, monkeypatch):
    monkeypatch.setattr("eegkit.testing._examples.find_spec", lambda name: None)
    page = project / "verdict.html"
    done = run("check", "crop", "--report", page)
    assert "checks, 1 skipped." in done.output
    assert "Needs skops: " in done.output
    assert "<td>skipped</td>" in page.read_text()


def test_a_failure_says_what_was_seen_and_what_is_wanted(project):
    source = project / "look" / "src" / "eegkit_look" / "dataset.py"
    source.write_text(source.read_text().replace('("rest", "task")', '("rest", "<b>")'))
    page = project / "verdict.html"
    done = run("check", project / "look", "--path", project / "data", "--report", page, code=1)
    assert "dataset look: 7 checks, 1 FAILED." in done.output
    assert "Seen: y has ['task']; expected some of classes, ('rest', '<b>')" in done.output
    assert "Wanted: X is finite float32" in done.output
    html = page.read_text()
    assert "<b>FAILED</b>" in html
    assert "&lt;b&gt;" in html
    assert "docs/plugin_checks.md" in html


def test_a_file_that_is_missing_is_named(project):
    (project / "data" / "person2.npz").unlink()
    done = run("check", project / "look", "--path", project / "data", code=1)
    assert re.search(r"Seen: FileNotFoundError: .*person2\.npz", done.output)


def test_what_cannot_be_checked_is_said(tmp_path):
    assert "has no pyproject.toml" in run("check", tmp_path, code=1).stderr
    assert "There is no folder" in run("check", tmp_path / "absent", code=1).stderr
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    assert "registers nothing" in run("check", tmp_path, code=1).stderr
    assert "did you mean" in run("check", "stff", code=1).stderr
    assert "are for data sets" in run("check", "stft", "--path", tmp_path, code=1).stderr


@pytest.fixture
def written(tmp_path):
    """A plugin, and the answers by which it was written."""
    pytest.importorskip("copier")
    write_plugin("eegkit-my-lab", "transform", tmp_path / "ours")
    answers = yaml.safe_load((tmp_path / "ours" / ".copier-answers.yml").read_text())
    return answers.pop("_src_path"), answers


def test_copier_writes_the_same(tmp_path, written):
    import copier

    template, answers = written
    copier.run_copy(template, tmp_path / "theirs", data=answers, defaults=True, quiet=True)
    assert not differences(tmp_path / "ours", tmp_path / "theirs")


def differences(first, second):
    texts = [
        {p.relative_to(root): p.read_text() for p in root.rglob("*") if p.is_file()}
        for root in (first, second)
    ]
    return set(texts[0].items()) ^ set(texts[1].items())


def test_copier_updates_a_plugin_where_the_template_is_in_git(tmp_path, written, monkeypatch):
    import copier

    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "ada@example.org")

    def commit(folder, *commands):
        for words in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "x"), *commands):
            in_a_process("git", *words, folder=folder)

    template, answers = written
    shutil.copytree(template, tmp_path / "template")
    commit(tmp_path / "template", ("tag", "0.1.0"))
    plugin = tmp_path / "plugin"
    copier.run_copy(
        str(tmp_path / "template"), plugin, data=answers, defaults=True, quiet=True, vcs_ref="0.1.0"
    )
    source = plugin / "src" / "eegkit_my_lab" / "transform.py"
    source.write_text(source.read_text() + "# mine\n")
    commit(plugin)
    newer = tmp_path / "template" / "template" / ".gitignore"
    newer.write_text(newer.read_text() + "build/\n")
    commit(tmp_path / "template", ("tag", "0.2.0"))
    copier.run_update(plugin, data={"eegkit_limit": "0.3"}, defaults=True, quiet=True,
                      overwrite=True)  # fmt: skip
    assert source.read_text().endswith("# mine\n")
    assert (plugin / ".gitignore").read_text().endswith("build/\n")
    assert "<0.3" in (plugin / "pyproject.toml").read_text()
