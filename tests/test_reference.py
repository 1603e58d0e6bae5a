"""The reference lists every public name and no other, and says of each what it takes and gives."""

import importlib
import inspect
import re
import sys
import types
from functools import cache
from pathlib import Path

import pytest
from numpydoc.docscrape import FunctionDoc
from numpydoc.validate import validate

import eegkit

DOCS = Path(__file__).parent.parent / "docs"
sys.path.insert(0, str(DOCS / "_ext"))

import registry_tables  # noqa: E402

# What no docstring of the reference may have, by numpydoc's numbers: none at all (GL08), no
# summary (SS01); a parameter without its line (PR01) or one that is none (PR02), one without a
# description (PR07), or a list for its type (PR05); nothing about what is returned (RT01) or
# yielded (YD01). Kinds of types, capitals, full stops and the order of sections are not judged.
FAULTS = ("GL08", "SS01", "PR01", "PR02", "PR05", "PR07", "RT01", "YD01")
# What Python gives to the constructor of a protocol, which has none.
OF_PROTOCOLS = {"*args", "**kwargs"}
# A constant, which has no page of its own.
CONSTANT = re.compile(r"`((?:parameters|registry)\.[A-Z]\w+)`")


def names_listed():
    """The names of docs/api.md and of the pages of transforms and nets."""
    names, module = [], "eegkit"
    text = (DOCS / "api.md").read_text()
    for line in text.splitlines():
        if match := re.match(r"\.\. currentmodule:: (\S+)", line):
            module = match[1]
        elif match := re.fullmatch(r"   (\w[\w.]*)", line):
            names.append(f"{module}.{match[1]}")
    for kind, base in registry_tables.BASES.items():
        names += [base, *map(registry_tables.public_name, registry_tables.classes_of(kind))]
    return list(dict.fromkeys(names)), {f"eegkit.{name}" for name in CONSTANT.findall(text)}


def resolved(name):
    module, _, attribute = name.rpartition(".")
    return getattr(importlib.import_module(module), attribute)


NAMES, CONSTANTS = names_listed()


def test_every_public_name_is_in_the_reference_and_no_other():
    there = {id(resolved(name)) for name in NAMES}
    missing, private = [], []
    modules = {name.rpartition(".")[0] for name in NAMES}
    for module in map(importlib.import_module, sorted(modules)):
        exported = getattr(module, "__all__", None)
        assert exported is not None, f"{module.__name__} is in the reference and has no __all__"
        for name in exported:
            value = getattr(module, name)
            full = f"{module.__name__}.{name}"
            if not isinstance(value, types.ModuleType) and full not in CONSTANTS:
                missing += [full] * (id(value) not in there)
        listed = [name for name in NAMES if name.rpartition(".")[0] == module.__name__]
        private += [name for name in listed if name.rpartition(".")[2] not in exported]
    assert not missing, f"in __all__ and not in docs/api.md: {', '.join(missing)}"
    assert not private, f"in the reference and not in the __all__ of its module: {private}"


def test_constants_that_the_reference_names_are_there():
    assert CONSTANTS
    for name in CONSTANTS:
        module, _, attribute = name.rpartition(".")
        assert attribute in importlib.import_module(module).__all__, name


def inherited(name, parameters):
    """Which parameters a base class documents that the docstring leads to."""
    cls = resolved(name)
    doc = inspect.getdoc(cls) or ""
    found = set()
    for base in cls.__mro__[1:] if isinstance(cls, type) else ():
        if re.search(rf"\b{base.__name__} :|`(?:[\w.]*\.)?{base.__name__}`", doc):
            for above in base.__mro__:
                found |= set(documented(above))
    return parameters & found


@cache
def documented(cls):
    """The parameters that the docstring of a class has lines for."""
    if not (vars(cls).get("__doc__") and cls.__module__.startswith("eegkit")):
        return ()
    sections = FunctionDoc(None, doc=inspect.cleandoc(cls.__doc__))
    return tuple(n for p in sections["Parameters"] for n in re.split(r", *", p.name))


def faults(name):
    for code, message in validate(name)["errors"]:
        if code == "PR01":
            absent = set(re.findall(r"'([^']+)'", message)) - OF_PROTOCOLS
            absent -= inherited(name, absent)
            message = f"no line for {', '.join(sorted(absent))}" if absent else ""
        # "See `Base`." describes several parameters at once, by their names alone.
        if code in FAULTS and message:
            yield f"{name}: {message}"


def test_docstrings_say_what_is_taken_and_given():
    found = [fault for name in NAMES for fault in faults(name)]
    assert not found, "\n".join(found)


def targets(name):
    """What "See Also" of a docstring names, from its own module or in full."""
    doc = FunctionDoc(None, doc=inspect.getdoc(resolved(name)) or "")
    for entries, _ in doc["See Also"]:
        yield from (target for target, _ in entries)


def has_example(name):
    return ">>> " in (inspect.getdoc(resolved(name)) or "")


def leads_to_example(name):
    package = name.rpartition(".")[0]
    places = [place for t in targets(name) for place in (t, f"{package}.{t}", f"eegkit.{t}")]
    return any(place in NAMES and has_example(place) for place in places)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_every_name_has_an_example_or_a_link_to_one():
    lacking = [name for name in NAMES if not has_example(name) and not leads_to_example(name)]
    assert not lacking, f'neither an example nor "See Also" of a name with one: {lacking}'


def test_what_is_lacking_is_seen(monkeypatch):
    def scale(X, factor):
        """Scale signals.

        Parameters
        ----------
        X : ndarray
            In microvolts.
        """
        return factor * X

    monkeypatch.setattr(eegkit, "scale", scale, raising=False)
    assert [fault.partition(": ")[2] for fault in faults("eegkit.scale")] == [
        "no line for factor",
        "No Returns section found",
    ]
    assert not has_example("eegkit.scale")
    assert not leads_to_example("eegkit.scale")
