"""What MOABB has: the names of its data sets, and the facts about each."""

from __future__ import annotations

import math
from typing import Any

from eegkit_moabb._environment import library

UNTOLD = "not told by MOABB"
MANUAL = "https://moabb.neurotechx.com/docs/generated/moabb.datasets.{}.html"
# MOABB's generated data sets, for tests, and the arguments that make them the same each time.
SYNTHETIC = {"FakeDataset": {"seed": 0}, "FakeVirtualRealityDataset": {"seed": 0}}


def names() -> list[str]:
    """The names of all data sets: those of MOABB's classes."""
    library()
    from moabb.datasets.utils import dataset_dict

    return sorted(dataset_dict, key=str.lower)


def make(code: str) -> Any:
    """MOABB's own data set of that name."""
    return getattr(library().datasets, code)(**SYNTHETIC.get(code, {}))


def facts_about(code: str) -> dict[str, Any]:
    """The attributes of the class of the data set of that name; the docstring's begin is one."""
    facts = _facts(code, make(code)) | {"code": code}
    facts["__doc__"] = f"{facts['title']}.\n\n    MOABB's own page: {MANUAL.format(code)}"
    return facts


def _facts(code: str, dataset: Any) -> dict[str, Any]:
    metadata = dataset.metadata
    synthetic = code in SYNTHETIC
    acquisition = metadata.acquisition if metadata else None
    documentation = metadata.documentation if metadata else None
    doi = _doi(getattr(documentation, "doi", None) or dataset.doi)
    page = getattr(documentation, "data_url", None) or (f"https://doi.org/{doi}" if doi else None)
    facts = {
        "title": f"{code}: {_summary(type(dataset))}",
        "licence": "none needed" if synthetic else _licence(documentation),
        "citation": _citation(documentation, doi),
        "url": page or MANUAL.format(code),
        "size_mb": 0.0 if synthetic else math.nan,
        "n_subjects": len(dataset.subject_list),
        "n_channels": acquisition.channel_types["eeg"] if acquisition else len(dataset.channels),
        "recorded_sfreq": float(acquisition.sampling_rate if acquisition else dataset.sfreq),
        "classes": tuple(dataset.event_id),
        "task": dataset.paradigm,
    }
    if synthetic:
        facts |= {"availability": "generated", "how_to_get": "Made when it is loaded."}
    return facts


def _summary(cls: type) -> str:
    """The first sentence of MOABB's description, without its marks of references."""
    first = " ".join((cls.__doc__ or "").strip().partition("\n\n")[0].split())
    return first.replace("[1]_", "").replace("[2]_", "").replace(" .", ".").rstrip(". ")


def _licence(documentation: Any) -> str:
    licence = getattr(documentation, "license", None)
    return UNTOLD if licence in (None, "", "Unknown") else licence


def _doi(text: str | None) -> str | None:
    return None if not text else text.rpartition("doi.org/")[2]


def _citation(documentation: Any, doi: str | None) -> str:
    people = list(getattr(documentation, "investigators", None) or [])
    year = getattr(documentation, "publication_year", None)
    if not people:
        return f"doi:{doi}" if doi else UNTOLD
    authors = people[0] if len(people) == 1 else f"{people[0]} et al."
    return authors + (f" ({year})" if year else "") + (f", doi:{doi}" if doi else "")
