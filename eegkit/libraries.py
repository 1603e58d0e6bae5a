"""Libraries, as what is kept knows them: by their version, not by their code."""

from __future__ import annotations

import functools
import hashlib
import importlib.machinery
import importlib.util
import platform
import re
import shlex
import sys
import sysconfig
from importlib import metadata
from pathlib import Path

# The names of distributions that differ from those of their packages.
DISTRIBUTIONS = {"sklearn": "scikit-learn", "pywt": "pywavelets", "yaml": "pyyaml"}
# What may change any number that is computed.
NUMERICS = ("numpy", "scipy", "scikit-learn", "torch", "skorch", "mne", "pywavelets", "pandas")
INSTALLED = {"site-packages", "dist-packages"}
EXTENSIONS = tuple(importlib.machinery.EXTENSION_SUFFIXES)


def install_command(*requirements: str) -> str:
    """The command that installs something here: uv's where the environment has no pip.

    Parameters
    ----------
    *requirements : str
        Distributions and extras, such as ``"eegkit[tune]"``, or arguments of pip.
    """
    # Of the search path alone: setuptools' own finder of pip imports distutils, with a warning.
    pip = importlib.machinery.PathFinder.find_spec("pip")
    tool = "pip install" if pip else "uv pip install"
    return " ".join([tool, *map(shlex.quote, requirements)])


@functools.cache
def versions() -> tuple[str, ...]:
    """What identifies eegkit, and the libraries that all its numbers depend on."""
    python = ".".join(platform.python_version_tuple()[:2])
    numerics = [f"{name} {metadata.version(name)}" for name in NUMERICS]
    return (f"python {python}", eegkit_itself(), *numerics)


@functools.cache
def library_of(module: str) -> str | None:
    """The library that a module belongs to and its version; None for a person's own module.

    A plugin stands for the versions of what it requires, too. Libraries are the standard one,
    and what lies in ``site-packages``; a package that is developed (installed as editable, or
    found by ``PYTHONPATH``) is its developer's own, even where it has the name of a standard one.
    """
    top = module.partition(".")[0]
    if top == "eegkit":
        return eegkit_itself()
    path = file_of(module) or file_of(top)
    if top in sys.stdlib_module_names and (path is None or _is_standard(path)):
        return "python"
    if path is None or not INSTALLED & set(path.parts):
        return None
    names = _distributions(top)
    versions = [f"{name} {metadata.version(name)}{_digest_of_build(name)}" for name in names]
    versions += [requirement for name in names for requirement in _requirements(name)]
    return " ".join(versions) or None


def file_of(module: str) -> Path | None:
    """The file that a module was imported from, or would be, where it has one."""
    path = getattr(sys.modules.get(module), "__file__", None)
    if path is None and module not in sys.modules and "." not in module:
        spec = importlib.util.find_spec(module)
        path = None if spec is None or not spec.has_location else spec.origin
    return None if path is None else Path(path)


def _is_standard(path: Path) -> bool:
    folders = [Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib")]
    return not INSTALLED & set(path.parts) and any(path.is_relative_to(f) for f in folders)


@functools.cache
def _digest_of_build(distribution: str) -> str:
    """What tells two builds of one version apart, where it is from no index: the list of files.

    Whoever installs a package of their own again does not always count its version up.
    """
    try:
        installed = metadata.distribution(distribution)
    except metadata.PackageNotFoundError:
        return ""
    if installed.read_text("direct_url.json") is None:
        return ""
    files = installed.read_text("RECORD") or ""
    return f" {hashlib.sha256(files.encode()).hexdigest()[:16]}"


def is_compiled(module: str) -> bool:
    """Whether a module is an extension, written in C, say."""
    path = file_of(module)
    return path is not None and path.name.endswith(EXTENSIONS)


def eegkit_itself() -> str:
    """The version of eegkit; where it is developed, a digest of its code besides."""
    return f"eegkit {metadata.version('eegkit')} {_digest_of_package(Path(__file__).parent)}"


@functools.cache
def _digest_of_package(folder: Path) -> str:
    if INSTALLED & set(folder.parts):
        return ""
    content = [path.read_bytes() for path in sorted(folder.rglob("*.py"))]
    return hashlib.sha256(b"\0".join(content)).hexdigest()[:16]


def _distributions(package: str) -> list[str]:
    """The distributions that a package comes with."""
    name = DISTRIBUTIONS.get(package, package)
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return sorted(set(_packages().get(package, ())))
    return [name]


@functools.cache
def _packages() -> dict[str, list[str]]:
    return dict(metadata.packages_distributions())  # reads the list of files of each: slow


def _requirements(distribution: str) -> list[str]:
    """The versions of what a plugin of eegkit requires."""
    requirements = metadata.requires(distribution) or []
    names = {re.split(r"[^\w.-]", line)[0] for line in requirements if "extra ==" not in line}
    return [f"{name} {_version(name)}" for name in sorted(names)] if "eegkit" in names else []


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "absent"
