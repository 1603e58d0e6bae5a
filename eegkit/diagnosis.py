"""What eegkit runs on, and what is missing of versions, devices, plugins, folders and extras."""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from eegkit._version import __version__
from eegkit.datasets import cache_folder
from eegkit.datasets._base import DATA_VARIABLE
from eegkit.libraries import install_command
from eegkit.overview import overview
from eegkit.registry import CORE, INTERFACE, distributions

LIBRARIES = ("numpy", "scipy", "pandas", "scikit-learn", "torch", "skorch", "mne")
THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
_EXTRA = re.compile(r"extra == ['\"]([\w-]+)['\"]")


@dataclass(frozen=True)
class Diagnosis:
    """What was seen.

    Parameters
    ----------
    facts : dict of str to dict of str to str
        Names and what stands for them, by section.
    problems : list of str
        What hurts, in a sentence each, with what to do.
    """

    facts: dict[str, dict[str, str]]
    problems: list[str] = field(default_factory=list)


def diagnose() -> Diagnosis:
    """Look at the installation; every plugin is imported, in another process.

    Returns
    -------
    Diagnosis
    """
    plugins, problems = _plugins()
    folders, absent = _folders()
    return Diagnosis(
        {
            "Versions": _versions(),
            "Devices and threads": _devices(),
            "Plugins": plugins,
            "Folders": folders,
            "Extras": extras(),
        },
        problems + absent,
    )


def installed_version(distribution: str) -> str | None:
    """The version of a distribution; None of one that is not installed."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def _versions() -> dict[str, str]:
    libraries = {name: installed_version(name) or "missing" for name in LIBRARIES}
    python = f"{platform.python_version()}, {sys.executable}"
    eegkit = f"{__version__}, plugin interface {INTERFACE}"
    return {"eegkit": eegkit, "Python": python, "system": platform.platform(), **libraries}


def _devices() -> dict[str, str]:
    import torch

    gpus = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        gpus.append("Apple GPU (mps)")
    variables = [f"{name}={os.environ[name]}" for name in THREAD_VARIABLES if name in os.environ]
    return {
        "GPU": ", ".join(gpus) or "none; nets train on the CPU",
        "cores": str(os.cpu_count()),
        "threads of torch": str(torch.get_num_threads()),
        "set by": ", ".join(variables) or "nothing in the environment",
    }


def _plugins() -> tuple[dict[str, str], list[str]]:
    """Every distribution with what it registers, and what cannot be imported."""
    descriptions = overview()
    facts, problems = {}, []
    for distribution in distributions():
        own = [d for d in descriptions if d.entry.distribution == distribution]
        broken = [d for d in own if d.failure is not None]
        text = f"{installed_version(distribution) or 'unknown'}, {len(own)} classes"
        facts[distribution] = f"{text}, {len(broken)} FAILED" if broken else text
        problems += [
            f"{d.entry.kind[:-1]} {d.entry.name} of {distribution} cannot be imported: {d.failure}"
            for d in broken
        ]
    if os.environ.get("EEGKIT_NO_PLUGINS"):
        facts["EEGKIT_NO_PLUGINS"] = "set: only the core is listed"
    return facts, problems


def _folders() -> tuple[dict[str, str], list[str]]:
    """Where recordings and kept files are, and what is wrong with that."""
    data = os.environ.get(DATA_VARIABLE)
    facts = {"recordings": f"{data} ({DATA_VARIABLE})" if data else "each data set's usual place"}
    facts["kept trials"] = str(cache_folder())
    absent = data and not Path(data).expanduser().is_dir()
    advice = f"{DATA_VARIABLE} is {data}, which is no folder; make it, or set another."
    return facts, [advice] if absent else []


def extras(requirements: Mapping[str, list[str]] | None = None) -> dict[str, str]:
    """Every extra of eegkit: whether it is there, or how to get it.

    Parameters
    ----------
    requirements : dict of str to list of str, optional
        The distributions of each; by default those that eegkit's metadata name.
    """
    facts = {}
    for extra, names in (requirements or _requirements()).items():
        absent = [name for name in names if installed_version(name) is None]
        missing = f"missing {', '.join(absent)}: {install_command(f'eegkit[{extra}]')}"
        facts[extra] = missing if absent else "installed"
    return facts


def _requirements() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in requires(CORE) or ():
        extra, name = _EXTRA.search(line), re.match(r"[\w.-]+", line)
        if extra and name and extra[1] != "all":
            found.setdefault(extra[1], []).append(name[0])
    return found
