"""The section ``explain`` of an experiment's file: what is explained, by which method, and how."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from eegkit.experiment._document import Item
from eegkit.experiment._experiment import Experiment, Explanations, tuned_name
from eegkit.experiment._values import ValueReader

if TYPE_CHECKING:
    from eegkit.evaluation import Results
    from eegkit.explanation import PeopleAttributions
    from eegkit.trials import Trials

KEYS = ("pipelines", "method", "check")


class ExplainReader:
    """Reads the section.

    Parameters
    ----------
    reader : ValueReader
    pipelines : dict of str to estimator
        All those of the file.
    cv : str or dict
        The split.
    """

    def __init__(self, reader: ValueReader, pipelines: Mapping[str, Any], cv: Any) -> None:
        self.reader, self.pipelines, self.cv = reader, pipelines, cv

    def read(self, item: Item) -> Explanations:
        """What is to be explained, checked as far as that goes without the data."""
        pairs = self.reader.pairs(item, "what to explain, such as {method: occlusion}")
        values = {key.value: value for key, value in pairs}
        self._check_split(item)
        method = self.reader.text(values["method"]) if "method" in values else "occlusion"
        options = self._options(item, method, pairs)
        names = list(self.pipelines)
        if "pipelines" in values:
            names = self.reader.names_among(values["pipelines"], self.pipelines)
        for name in names:
            self._check_pipeline(values.get("pipelines", item), name, method)
        check = self.reader.flag(values["check"]) if "check" in values else True
        return Explanations(tuple(names), method, options, check)

    def _check_split(self, item: Item) -> None:
        from eegkit.evaluation import make_splitter

        unit = getattr(make_splitter(self.cv), "keeps_apart", "subject")
        if unit != "subject":
            self.reader.fail(
                item,
                f"people are explained by decoders that never saw them, but cv is {self.cv!r}, "
                "which trains on everybody; expected a split by people, such as group-5 or loso.",
            )

    def _options(self, item: Item, method: str, pairs: list[tuple[Item, Item]]) -> dict[str, Any]:
        """The method's options, each as `explain` takes it."""
        from eegkit.explanation.methods import COMMON, check_request, options_of

        self.reader.call_at(item, check_request, method, {}, pairs=pairs)
        names = (*KEYS, *COMMON, *options_of(method))
        options = {}
        for key, value in pairs:
            if key.value == "target":
                self.reader.fail(
                    key, "every class is explained in every trial of a person; leave target out."
                )
            self.reader.check_name(key, names, f"explain by {method} has no")
            if key.value not in KEYS:
                options[key.value] = value.plain()
        self.reader.call_at(item, check_request, method, options, pairs=pairs)
        return options

    def _check_pipeline(self, item: Item, name: str, method: str) -> None:
        from eegkit.explanation.methods import check_method, check_probabilities

        try:
            check_probabilities(self.pipelines[name])
            check_method(self.pipelines[name], method)
        except (ValueError, ImportError) as error:
            self.reader.fail(item, f"{name} cannot be explained: {error}")


def explain_experiment(
    experiment: Experiment, results: Results, trials: Mapping[str, Trials]
) -> dict[str, PeopleAttributions]:
    """Explain everybody by the decoders of an experiment that never saw them.

    Parameters
    ----------
    experiment : Experiment
        One with a section ``explain``.
    results : Results
        What `run_experiment` gave.
    trials : dict of str to Trials
        As they were evaluated, by data set.

    Returns
    -------
    dict of str to PeopleAttributions
        By pipeline, and data set where there are several. Of a pipeline that was tuned its tuned
        form is explained.

    Raises
    ------
    ValueError
        As `eegkit.explanation.explain_people`; or the file has no such section.

    See Also
    --------
    read_experiment : reads the file of one, with an example.
    """
    from eegkit.explanation import explain_people

    plan = experiment.explain
    if plan is None:
        raise ValueError(f"{experiment.name} has no section explain, so nothing is explained.")
    maps = {}
    for dataset in results.datasets:
        for name in plan.pipelines:
            pipeline = tuned_name(name) if name in experiment.tuned else name
            key = pipeline if len(results.datasets) == 1 else f"{pipeline} on {dataset}"
            maps[key] = explain_people(
                results, trials[dataset], pipeline=pipeline, dataset=dataset, method=plan.method,
                **plan.options,
            )  # fmt: skip
            if plan.check:
                maps[key].check(n_stages=1)
    return maps
