"""Maps of people whom the decoder never saw, and a test over people at each point."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eegkit.access import access_of
from eegkit.evaluation import Predictions, Results
from eegkit.evaluation.running.bars import step_bar
from eegkit.explanation.attributions import KEYS, Attributions
from eegkit.explanation.explain import explain
from eegkit.explanation.people_statistics import against_chance, corrected
from eegkit.explanation.targets import class_codes
from eegkit.notice import warn
from eegkit.parameters import Count, ParameterError, check_for
from eegkit.text import shortlist
from eegkit.trials import Trials

# Trials of each fold that are kept for checks.
N_CHECKED = 32


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class PeopleAttributions(Attributions):
    """A map of each person, by decoders that never saw them; what `explain_people` gives.

    Everything of `Attributions` holds, with people in place of trials: ``values`` has a map for
    each person, ``groups`` says whose it is, ``mean(by="channel")`` is the mean over people.

    Parameters
    ----------
    values, axes, X, space, method, options, classes, targets, predicted, y, groups, onsets, gap
        See `Attributions`.
    ch_names, sfreq, freqs, times, tmin, bands, windows, decoder, again
        See `Attributions`.
    n_trials : ndarray of int, shape (n_people,)
        How many trials each person's map is made of.
    samples : tuple of Attributions
        Some trials of each fold, explained for the class that they are of, which `check` tries
        with the fold's decoder. It takes no ``train`` then.
    pipeline : str, default ""
        Whose decoders these are.

    See Also
    --------
    explain_people : makes them, with an example.
    """

    n_trials: NDArray[np.intp]
    samples: tuple[Attributions, ...] = ()
    pipeline: str = ""

    def __repr__(self) -> str:
        of = f", decoders of {self.pipeline!r}>" if self.pipeline else ">"
        return super().__repr__().replace("trials", "people").replace("<", "<People")[:-1] + of

    def __getitem__(self, rows: Any) -> PeopleAttributions:
        """Some of the people, by a slice, a list of numbers or a mask."""
        some = cast("PeopleAttributions", super().__getitem__(rows))
        chosen = np.asarray(some.groups)
        samples = [part[np.isin(np.asarray(part.groups), chosen)] for part in self.samples]
        n_trials = self.n_trials[np.atleast_1d(np.arange(len(self))[rows])]
        return replace(some, n_trials=n_trials, samples=tuple(filter(len, samples)))

    def test(
        self,
        by: str | Iterable[str] | None = None,
        *,
        bands: Mapping[str, tuple[float, float]] | None = None,
        correction: Literal["max", "cluster"] = "max",
        n_permutations: int = 1000,
        random_state: int = 0,
        chance: Sequence[PeopleAttributions] | None = None,
    ) -> pd.DataFrame:
        """Whether the population's map is above zero, point by point.

        Each person counts the same: maps are scaled to the same root mean square. Under chance the
        map of a person has either sign as often, whatever the decoder learned, since it never saw
        that person; so signs of whole people are flipped [1]_, and p is of all points together.
        A value below zero is no finding, whatever its t: in cross-validation, decoders that learned
        noise are wrong about whom they leave out.

        Parameters
        ----------
        by : str or sequence of str, optional
            Axes that stay, as in `mean`, such as ``["channel", "band"]``; by default all of them.
            The test has memory for ``24 * n_permutations`` bytes a point.
        bands : mapping of str to (float, float), optional
            In Hz; delta to gamma by default.
        correction : {"max", "cluster"}, default "max"
            "max" is of the largest t of all points: each p below 0.05 stands for its point.
            "cluster" is of neighbours (electrodes by their positions) that pass together [2]_: p
            stands for the cluster, not for where it begins or ends.
        n_permutations : int, default 1000
            All flips there are, if these are fewer.
        random_state : int, default 0
            Draws the flips.
        chance : sequence of PeopleAttributions, optional
            What `explain_chance` gives: p is of the largest t of these in place of flips, of the
            same people.

        Returns
        -------
        pandas.DataFrame
            A row for each point: the axes, ``attribution`` (the mean over people, not scaled),
            ``t``, ``p`` and ``n_people``; a point in no cluster has p = 1.

        Raises
        ------
        ValueError
            There are fewer than six people, of whom no p below 0.05 can come; or all maps are
            zero, as of a method that is the same for every class.

        Notes
        -----
        Flips take maps for independent, which those of cross-validation are not: a decoder that
        one person helped to train explains the next, and the other way round, so that two maps have
        in common what these two people have. The variance of the mean over people is up to twice
        that of independent maps, and skewed, whatever the number of folds; people explained by
        one decoder that none of them trained have no such part. In simulations of linear decoders
        without any effect (400 for each figure, 8 people, 8 points) 9 % of the tests by "max" had
        a p of 0.05 or less, with 4 folds as with 8; 4 % by "cluster" (of 120); 4 % and 5 % by
        ``chance=`` with 19 shuffles; and 2 % by "max" where one decoder that had seen nobody
        explained all. In others, up to 15 % with 8 people, 5 to 8 % with 12, and 3 % with 24: of
        fewer than a dozen people, use `chance` or ask for a p of 0.01.

        References
        ----------
        .. [1] T. E. Nichols, A. P. Holmes (2002), Human Brain Mapping 15(1), 1-25.
        .. [2] E. Maris, R. Oostenveld (2007), Journal of Neuroscience Methods 164(1), 177-190.
        """
        check_for(Literal["max", "cluster"]).require("correction", correction)
        check_for(Count).require("n_permutations", n_permutations)
        names = list(self.axes) if by is None else [by] if isinstance(by, str) else list(by)
        for name in set(names) & set(KEYS):
            raise ParameterError(f"by is {name!r}; a test over people has axes only.", "by")
        table = self.mean(names, bands=bands)
        maps, axes, _ = self._reduced(names, False, bands)
        if chance is None:
            t, p = corrected(maps, axes, self.ch_names, correction, n_permutations, random_state)
        else:
            alike = [_of_people(part, self.groups) for part in chance]
            t, p = against_chance(maps, [part._reduced(names, False, bands)[0] for part in alike])
        return table.assign(t=t.ravel(), p=p.ravel(), n_people=len(self))

    def _checked_trials(self) -> Sequence[Attributions]:
        return self.samples


def _of_people(chance: PeopleAttributions, people: Any) -> PeopleAttributions:
    """The maps by chance of some people."""
    numbers = {name: i for i, name in enumerate(np.asarray(chance.groups).tolist())}
    absent = [name for name in people.tolist() if name not in numbers]
    if absent:
        raise ParameterError(
            f"chance has no map of {shortlist(map(str, absent))}; expected what explain_chance "
            "gives of the same people.",
            "chance",
        )
    return chance[[numbers[name] for name in people.tolist()]]


class Person(NamedTuple):
    """Somebody's map, and which of the trials that were explained are theirs."""

    name: Any
    map: NDArray[np.float64]
    rows: NDArray[np.bool_]
    explained: Attributions


class Fold(NamedTuple):
    """The people of a fold, and some of their trials for checks."""

    people: list[Person]
    sample: Attributions


def explain_people(
    results: Results,
    trials: Trials | Mapping[str, Trials],
    *,
    pipeline: str | None = None,
    dataset: str | None = None,
    seed: int = 0,
    method: str = "integrated_gradients",
    verbose: bool | None = None,
    **options: Any,
) -> PeopleAttributions:
    """Explain everybody's test trials with the decoder that never saw them.

    The map of a person is what spoke for the right class: in each trial the attributions to the
    class it is of, less the mean of those to the others that the person has trials of, as a mean
    over trials of each class, then over classes. It is positive where the trials hold what the
    decoder tells the classes by, and zero on average where they do not: what decoders have in
    common, or look at in any trial, cancels.

    Parameters
    ----------
    results : Results
        Of ``evaluate(..., keep_decoders=True)``, with people kept apart.
    trials : Trials, or dict of str to Trials
        What was evaluated.
    pipeline, dataset : str, optional
        By default the first ones.
    seed : int, default 0
        The number of the seed.
    method : str, default "integrated_gradients"
        See `explain`.
    verbose : bool, optional
        Whether to show a progress bar; by default on a terminal and in a notebook.
    **options
        Of `explain`, but ``target``: every class is explained in every trial.

    Returns
    -------
    PeopleAttributions
        Whoever has test trials of one class only is left out, and a warning names them.

    Raises
    ------
    ValueError
        No decoders were kept; people were on both sides of the split; the trials are others; or
        nobody has trials of two classes.

    Examples
    --------
    >>> from eegkit import evaluate
    >>> from eegkit.datasets import Simulated
    >>> from eegkit.evaluation import baselines
    >>> from eegkit.explanation import explain_people
    >>> trials = Simulated(n_subjects=6, n_trials=8).load()
    >>> pipelines = {"band_power+lr": baselines()["band_power+lr"]}
    >>> results = evaluate(pipelines, trials, cv="group-2", keep_decoders=True)
    >>> people = explain_people(results, trials, method="occlusion")
    >>> list(people.test().columns)
    ['channel', 'attribution', 't', 'p', 'n_people']
    """
    if results.subject_overlap:
        raise ValueError(
            "These results are of a split with the same people on both sides, so no decoder is "
            'one that never saw them; evaluate with cv="group-5" or cv="loso".'
        )
    if "target" in options:
        raise ParameterError(
            "target has no meaning for people, whose trials are explained for every class; use "
            "eegkit.explain with a decoder of results.decoders().",
            "target",
        )
    decoders = results.decoders(pipeline, dataset, seed=seed)
    answers = results.predictions(pipeline, dataset, seed=seed)
    part = trials[dataset or results.datasets[0]] if isinstance(trials, Mapping) else trials
    _check_trials(part, answers)
    folds = []
    with step_bar("Explaining", len(decoders), verbose) as advance:
        for fold, decoder in decoders.items():
            rows = answers.fold == fold
            folds.append(_of_fold(decoder, part, answers[rows], {"method": method, **options}))
            advance()
    people = _people([fold for fold in folds if fold is not None])
    return replace(people, pipeline=answers.pipeline)


def _check_trials(trials: Any, answers: Predictions) -> None:
    """Refuse other trials than those of the results."""
    if not isinstance(trials, Trials):
        raise ValueError(f"trials is a {type(trials).__name__}; expected the Trials evaluated.")
    n = len(trials)
    same = answers.trial.max() < n and np.array_equal(
        np.asarray(trials.groups)[answers.trial].astype(str), answers.subject.astype(str)
    )
    if not same:
        raise ValueError(
            f"These {n} trials are not those that the results are of: somebody else stands where "
            "their people did. Give the same trials, in the same order."
        )


def _of_fold(
    decoder: Any, trials: Trials, answers: Predictions, options: Mapping[str, Any]
) -> Fold | None:
    """The maps of a fold's people; None where nobody has trials of two classes."""
    people = [
        who for who in np.unique(answers.subject).tolist()
        if len(np.unique(answers.y[answers.subject == who])) > 1
    ]  # fmt: skip
    _tell_left_out(np.setdiff1d(answers.subject, people).tolist())
    answers = answers[np.isin(answers.subject, people)]
    if not people:
        return None
    classes = np.unique(answers.y)
    signals = trials[answers.trial].X
    of_class = [
        explain(decoder, signals, np.full(len(answers), name), target="true", **options)
        for name in classes
    ]
    _check_answers(decoder, of_class[0], answers)
    values = np.stack([np.asarray(part.values) for part in of_class])
    maps = [
        Person(who, evidence(values[:, rows], answers.y[rows], classes), rows, of_class[0])
        for who in people
        for rows in [answers.subject == who]
    ]
    return Fold(maps, _sample(values, answers, classes, of_class[0]))


def _sample(
    values: NDArray[Any], answers: Predictions, classes: NDArray[Any], explained: Attributions
) -> Attributions:
    """Some trials, of everybody as many, explained for the class that each is of."""
    order = np.random.default_rng(0).permutation(len(answers))
    whose = pd.Series(answers.subject[order])
    turns = whose.groupby(whose).cumcount().to_numpy()
    rows = np.sort(order[np.argsort(turns, kind="stable")][:N_CHECKED])
    y, subject = answers.y[rows], answers.subject[rows]
    values = values[class_codes(y, classes), rows]
    return replace(explained[rows], values=values, targets=y, y=y, groups=subject, gap=None)


def _tell_left_out(people: list[Any]) -> None:
    if people:
        warn(
            f"Left out: {shortlist(map(str, people))}, whose test trials are all of one class, so "
            "that nothing tells the class from the person."
        )


def _check_answers(decoder: Any, explained: Attributions, answers: Predictions) -> None:
    """Refuse to explain other answers than those that were scored."""
    n = int((explained.predicted != answers.predicted).sum())
    if n > 0.01 * len(answers):
        reason = "the trials are others"
        if access_of(decoder) != "none":
            reason += f", or its access ({access_of(decoder)}) takes trials that were not scored"
        raise ValueError(
            f"The decoder answers {n} of {len(answers)} trials otherwise than in the results: "
            f"{reason}."
        )


def evidence(values: NDArray[Any], y: NDArray[Any], classes: NDArray[Any]) -> NDArray[np.float64]:
    """What speaks for the right class: the map of one person.

    Parameters
    ----------
    values : ndarray, shape (n_classes, n_trials, *axes)
        Attributions to each class.
    y : ndarray, shape (n_trials,)
    classes : ndarray, shape (n_classes,)

    Returns
    -------
    ndarray, shape (*axes)
        If labels are drawn at random, whatever the attributions are, it is zero on average.
    """
    present = np.isin(classes, y)
    values, classes = values[present], classes[present]
    total = values.sum(axis=0, dtype=np.float64)
    n_others = len(classes) - 1
    maps = [
        (own - (total - own) / n_others)[y == name].mean(axis=0)
        for name, own in zip(classes, values, strict=True)
    ]
    return np.mean(maps, axis=0)


def _people(folds: list[Fold]) -> PeopleAttributions:
    """The maps of all, in the order of their names."""
    if not folds:
        raise ValueError("Nobody has test trials of two classes, so there is no map of anybody.")
    people = [person for fold in folds for person in fold.people]
    people.sort(key=lambda person: str(person.name))
    first = people[0].explained
    facts = {
        name: getattr(first, name)
        for name in (
            "axes", "space", "method", "classes", "options", "ch_names", "sfreq", "freqs",
            "times", "tmin", "bands", "windows",
        )
    }  # fmt: skip
    label = np.full(len(people), "true")
    return PeopleAttributions(
        values=np.stack([person.map for person in people]).astype(np.float32),
        X=np.stack([person.explained.X[person.rows].mean(axis=0) for person in people]),
        targets=label,
        predicted=label,
        groups=np.array([person.name for person in people]),
        n_trials=np.array([person.rows.sum() for person in people]),
        samples=tuple(fold.sample for fold in folds),
        **facts,
    )
