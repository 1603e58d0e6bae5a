"""The check that what looks like a parameter is one."""

from __future__ import annotations

from eegkit.parameters import Parametrized
from eegkit.unknown_parameters import annotated, hint, unannotated


def check_parameters_are_annotated(subject: Parametrized) -> None:
    """Every public plain value of the class is a parameter, has an annotation or is of a base."""
    for cls in type(subject).__mro__:
        if not issubclass(cls, Parametrized):
            continue
        for name in unannotated(cls):
            value = vars(cls)[name]
            raise AssertionError(
                f"{name} has no annotation in {cls.__name__}, so it is no parameter; write "
                f"{annotated(cls, name)}, or, where it shall be none, {name}: "
                f"ClassVar[{hint(value)}] = {value!r}"
            )
