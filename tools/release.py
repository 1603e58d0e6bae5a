"""Do all of a release but the upload: ``python tools/release.py``, or ``tox run -e release``.

1. Copy the tracked files, and give the READMEs and the metadata the project's addresses.
2. Build sdists of the core and of the plugins, and wheels from the sdists, into ``dist``.
3. Check them: ``twine check --strict``, versions, licences, ``py.typed``, links, the citation.
4. Install each wheel into an empty environment, import it, and run its conformance tests there.
5. Check the types of a small user's project against the core's wheel.

Names of distributions limit the last two steps to these; ``--build-only`` leaves them out.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from pathlib import Path

from release_pages import Addresses, index_readme, relative_links

ROOT = Path(__file__).resolve().parents[1]
CORE = "eegkit"
TEST_TOOLS = ["pytest", "pytest-xdist"]


def run(*command: str | Path, cwd: Path = ROOT, **variables: str) -> None:
    """Run a command that has to succeed, and say which."""
    print("$", *command, flush=True)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment |= {"OMP_NUM_THREADS": "1", **variables}
    subprocess.run(list(map(str, command)), cwd=cwd, env=environment, check=True)


def version_of(root: Path) -> str:
    """The one version of all distributions."""
    line = (root / "eegkit" / "_version.py").read_text(encoding="utf-8").splitlines()[-1]
    return line.partition('"')[2].rstrip('"')


def projects(root: Path) -> dict[str, Path]:
    """Folders by the name of the distribution, the core first."""
    plugins = sorted((root / "plugins").glob("*/pyproject.toml"))
    return {CORE: root} | {path.parent.name: path.parent for path in plugins}


def stage(folder: Path) -> None:
    """Copy what is tracked, or new and not ignored, with READMEs as an index shows them."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, names.split("\0")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, folder / name)
    addresses = Addresses.read(ROOT)
    for project in projects(folder).values():
        place = project.relative_to(folder).as_posix()
        page = project / "README.md"
        text = page.read_text(encoding="utf-8")
        page.write_text(index_readme(text, place, folder, addresses, version_of(ROOT)))
        with (project / "pyproject.toml").open("a", encoding="utf-8") as file:
            file.write(addresses.project_urls())


def build(staged: Path, dist: Path) -> None:
    """An sdist of each project, and a wheel from each sdist."""
    shutil.rmtree(dist, ignore_errors=True)
    for project in projects(staged).values():
        run("uv", "build", "--quiet", "--out-dir", dist, project)


def wheel_of(name: str, dist: Path) -> Path:
    (path,) = dist.glob(f"{name.replace('-', '_')}-*.whl")
    return path


def metadata_of(wheel: zipfile.ZipFile) -> Message:
    (name,) = (n for n in wheel.namelist() if n.endswith(".dist-info/METADATA"))
    return message_from_bytes(wheel.read(name))


def faults_of_wheel(path: Path, version: str) -> Iterator[str]:
    """What is wrong with a wheel, a sentence each."""
    package = path.name.partition("-")[0]
    with zipfile.ZipFile(path) as wheel:
        names, metadata = wheel.namelist(), metadata_of(wheel)
    info = f"{package}-{version}.dist-info"
    for needed in (f"{package}/py.typed", f"{info}/licenses/LICENSE"):
        if needed not in names:
            yield f"{path.name} lacks {needed}."
    if strangers := {n.partition("/")[0] for n in names} - {package, info}:
        yield f"{path.name} also installs {', '.join(sorted(strangers))}."
    if metadata["Version"] != version:
        yield f"{path.name} is of version {metadata['Version']}; expected {version}."
    if metadata["License-Expression"] != "BSD-3-Clause":
        yield f"{path.name} names no licence expression."
    text = metadata.get_payload(decode=True).decode()
    if links := relative_links(text):
        yield f"The page of {path.name} links to {', '.join(links)}, which an index does not have."


def check_files(dist: Path) -> None:
    """Everything that can be seen without installing."""
    run(sys.executable, "-m", "twine", "check", "--strict", *sorted(dist.glob("eegkit*")))
    run(Path(sys.executable).with_name("cffconvert"), "--validate")
    names, version = list(projects(ROOT)), version_of(ROOT)
    faults = [f for name in names for f in faults_of_wheel(wheel_of(name, dist), version)]
    faults += [
        f"{name} has no sdist."
        for name in names
        if not (dist / f"{name.replace('-', '_')}-{version}.tar.gz").exists()
    ]
    if faults:
        raise SystemExit("\n".join(faults))


def environment(folder: Path, name: str, dist: Path, tools: list[str]) -> Path:
    """Python of an environment with the wheel, what it needs and the tools, and nothing else."""
    python = folder / "bin" / "python"
    if sys.platform == "win32":
        python = folder / "Scripts" / "python.exe"
    run("uv", "venv", "--quiet", "--python", sys.executable, folder)
    wheels = {wheel_of(CORE, dist), wheel_of(name, dist)}
    run("uv", "pip", "install", "--quiet", "--python", python, *sorted(wheels), *tools)
    return python


def conformance_tests(project: Path, name: str) -> list[Path]:
    tests = project / "tests"
    shown = tests / "contracts" if name == CORE else tests / "test_conformance.py"
    return [shown, *tests.glob("conftest.py")]


def check_installed(name: str, project: Path, dist: Path, folder: Path) -> None:
    """Install, import and test one distribution, away from its sources."""
    python = environment(folder / "env", name, dist, TEST_TOOLS)
    tests = folder / "tests"
    tests.mkdir()
    for path in conformance_tests(project, name):
        copy = shutil.copytree if path.is_dir() else shutil.copyfile
        copy(path, tests / path.name)
    package = name.replace("-", "_")
    run(python, "-I", "-c", f"import {package}; print({package}.__file__)", cwd=folder)
    options = ["-q", "--import-mode=importlib", "-p", "no:cacheprovider", "-n", "2"]
    markers = ["-o", "markers=slow: takes more than ten seconds"]
    run(python, "-I", "-m", "pytest", *options, *markers, "tests", cwd=folder)


def check_types(project: Path, dist: Path, folder: Path) -> None:
    """A user's project type-checks strictly against the wheels, which have types."""
    python = environment(folder / "env", "eegkit-convnets", dist, ["mypy"])
    shutil.copyfile(project / "tests" / "typing" / "user_project.py", folder / "user_project.py")
    run(python, "-I", "-m", "mypy", "--strict", "user_project.py", cwd=folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*")
    parser.add_argument("--build-only", action="store_true")
    options = parser.parse_args()
    if unknown := set(options.names) - set(projects(ROOT)):
        parser.error(
            f"{', '.join(unknown)}: no distribution; there are {', '.join(projects(ROOT))}"
        )
    dist = ROOT / "dist"
    with tempfile.TemporaryDirectory() as name_of_folder:
        folder = Path(name_of_folder)
        stage(folder / "staged")
        build(folder / "staged", dist)
        check_files(dist)
        names = [] if options.build_only else options.names or list(projects(ROOT))
        for name in names:
            (folder / name).mkdir()
            check_installed(name, projects(ROOT)[name], dist, folder / name)
        if names:
            (folder / "types").mkdir()
            check_types(ROOT, dist, folder / "types")
    if not Addresses.read(ROOT).repository:
        print("No address of the repository stands in [tool.eegkit] of pyproject.toml: the")
        print("READMEs were built with words in place of links. Set it before you upload.")
    print(f"{len(list(dist.glob('eegkit*')))} files in {dist} are ready to be uploaded.")


if __name__ == "__main__":
    main()
