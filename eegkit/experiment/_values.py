"""Values of an experiment's file, checked one by one; what is wrong is told with its place."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any, TypeVar

from eegkit._compat import check_constraints
from eegkit.experiment._document import Document, Item
from eegkit.parameters import ParameterError, Parametrized
from eegkit.text import suggest

Result = TypeVar("Result")


class ValueReader:
    """Reads values of one document.

    Parameters
    ----------
    document : Document
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self.fail = document.fail

    def expect(self, accepted: Any, item: Item, expected: str, name: str = "here") -> Any:
        """The value of an item, if it is accepted."""
        if not accepted:
            self.fail(item, f"{name} is {item.show()}; expected {expected}.")
        return item.value

    def text(self, item: Item) -> str:
        return self.expect(isinstance(item.value, str) and item.value.strip(), item, "text")

    def flag(self, item: Item) -> bool:
        return self.expect(isinstance(item.value, bool), item, "true or false")

    def pairs(self, item: Item, expected: str) -> list[tuple[Item, Item]]:
        """Names and values of a mapping; none of nothing."""
        self.expect(item.kind == "mapping" or item.value is None, item, expected)
        return item.pairs()

    def check_name(self, key: Item, names: Collection[str], text: str) -> None:
        if key.value not in names:
            self.fail(key, f"{text} {key.value!r}{suggest(key.value, names)}")

    def entries(self, item: Item, heading: str, example: str) -> list[tuple[Item, Item]]:
        """Names and what stands behind them: of a mapping, a list of names, or a name."""
        has_names = item.kind != "value" or isinstance(item.value, str)
        self.expect(has_names and item.value, item, f"the name of {example}", heading)
        names = item.value if item.kind == "list" else [item]
        pairs = item.pairs() or [(name, name.empty()) for name in names]
        for name, _ in pairs:
            if name.kind != "value":
                self.fail(
                    name,
                    f"here is {name.show()} in a list; write {heading} as lines of name: and "
                    "what belongs to it, without '- '.",
                )
            self.text(name)
        self.document.check_unique(name for name, _ in pairs)
        return pairs

    def names_among(self, item: Item, pipelines: Collection[str]) -> list[str]:
        """Names of pipelines that the file has, with nothing behind them."""
        entries = self.entries(item, "pipelines", "a pipeline of the file")
        for name, content in entries:
            self.check_name(name, pipelines, "the file has no pipeline")
            self.expect(content.value is None, content, "no more than the pipelines' names")
        return [name.value for name, _ in entries]

    def call_at(
        self,
        item: Item,
        make: Callable[..., Result],
        *args: Any,
        pairs: Iterable[tuple[Item, Item]] = (),
    ) -> Result:
        """What `make` gives. Its errors are told at the item, those of a parameter at its value.

        `pairs` are the parameters that the file has.
        """
        try:
            return make(*args)
        except ParameterError as error:
            values = {key.value: value for key, value in pairs}
            self.fail(values.get(error.parameter, item), _in_yaml(str(error)))
        except (ValueError, TypeError, FileNotFoundError) as error:
            self.fail(item, str(error).partition("\n\n")[0])


def check_step(step: Any) -> None:
    """What an estimator can say of its parameters before it sees data.

    Raises
    ------
    ParameterError
        One of them is none that it takes.
    """
    if isinstance(step, Parametrized):
        step.check_parameters()
        return
    try:
        check_constraints(step)
    except ValueError as error:
        parameter = str(error).partition("'")[2].partition("'")[0]
        raise ParameterError(str(error), parameter) from error


def _in_yaml(message: str) -> str:
    """A message with what is expected as one writes it in YAML."""
    start, expected, words = message.partition("; expected ")
    for python, yaml in (("None", "null"), ("True", "true"), ("False", "false")):
        words = words.replace(python, yaml)
    return f"{start}{expected}{words}"
