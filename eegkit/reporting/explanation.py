"""The section of a report about what decoders look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from eegkit.explanation import Attributions, PeopleAttributions
from eegkit.explanation.people_statistics import level
from eegkit.naming import spoken
from eegkit.plots.attributions import NOT_CHECKED, AttributionDisplay
from eegkit.reporting import markup as h
from eegkit.text import count

# Of what a map is told in tables; frequencies in bands.
AXES = ("channel", "band", "window", "feature")
FOR_PEOPLE = (
    "A person's map is what spoke for the right class, less what spoke for the others: it is zero "
    "on average where the trials hold nothing that tells the classes apart. Signs of whole people "
    "are flipped to test the mean, and p is of all points of the table together; it is asked to be "
    "below 0.05, and below 0.01 with fewer than twelve people, of whom flips find too much."
)
CAUTION = "A map shows what an answer depends on, not what the brain does."
CAPTIONS = {
    "spectrogram": "Attributions over the mean spectrogram: red speaks for the class, blue "
    "against it.",
    "traces": "Attributions over the mean traces: red speaks for the class, blue against it.",
    "topography": "Attributions on the head, from above: red speaks for the class, blue "
    "against it.",
    "grid": "Attributions: red speaks for the class, blue against it.",
}


def by_name(attributions: Any) -> dict[str, Attributions]:
    """Attributions by name: by their method, where no name is given.

    Raises
    ------
    ValueError
        They are something else, or of nobody.
    """
    if isinstance(attributions, Attributions):
        attributions = {spoken(attributions.method): attributions}
    several = {} if attributions is None else attributions
    for part in several.values() if isinstance(several, Mapping) else [several]:
        if not isinstance(part, Attributions) or not len(part):
            raise ValueError(
                f"attributions are {part!r}; expected what eegkit.explain or explain_people gives, "
                "or a dict of these."
            )
    return dict(several)


def explanation(several: Mapping[str, Attributions], check: bool) -> str:
    """What decoders look at, whether that can be trusted, and whether it is so of people."""
    if not several:
        return ""
    parts = [_one(name, attributions, check) for name, attributions in several.items()]
    of_people = any(isinstance(part, PeopleAttributions) for part in several.values())
    return "".join(parts) + h.paragraph(f"{FOR_PEOPLE} {CAUTION}" if of_people else CAUTION)


def _one(name: str, attributions: Attributions, check: bool) -> str:
    verdict = _verdict(attributions, check)
    if isinstance(attributions, PeopleAttributions):
        table = _over_people(attributions)
    else:
        table = _means(attributions)
    return "".join(
        (
            h.heading(name),
            h.paragraph(_subject(attributions)),
            verdict,
            *_pictures(attributions),
            table,
        )
    )


def _subject(attributions: Attributions) -> str:
    """What was explained, by which method."""
    method = spoken(attributions.method).capitalize()
    if not isinstance(attributions, PeopleAttributions):
        return f"{method} of {count(len(attributions), 'trial')}: the mean of each class explained."
    n_trials = count(int(attributions.n_trials.sum()), "trial")
    people = count(len(attributions), "person", "people")
    return f"{method} of {n_trials} of {people}, each by the decoder that never saw them."


def _verdict(attributions: Attributions, check: bool) -> str:
    """What the check says."""
    faithfulness = attributions.faithfulness
    if faithfulness is None and not check:
        return h.paragraph(NOT_CHECKED)
    try:
        faithfulness = faithfulness or attributions.check(n_stages=1)
    except ValueError as error:
        return h.paragraph(f"Not checked: {error}")
    text = faithfulness.describe()
    if faithfulness.passed:
        return h.paragraph(text)
    return h.banner("This map says nothing that could be relied on.", [text])


def _pictures(attributions: Attributions) -> list[str]:
    """Over what the decoder reads, and on the head."""
    kinds = [None, "topography"] if "channel" in attributions.axes else [None]
    pictures: dict[str, str] = {}
    for kind in kinds:
        try:
            display = AttributionDisplay.from_attributions(attributions, kind=kind)
        except ValueError as error:
            pictures["none"] = h.paragraph(f"No picture: {error}")
            continue
        shown = display.rows[0].kind
        picture = h.figure(display.figure_, CAPTIONS[shown])
        if len(display.columns) > 1:  # too wide for a phone: it scrolls, and stays readable
            picture = f'<div class="scrolls wide" tabindex="0">{picture}</div>'
        pictures.setdefault(shown, picture)
    return list(pictures.values())


def _axes(attributions: Attributions) -> list[str]:
    """By what a map is told in tables."""
    axes = ["band" if axis == "freq" else axis for axis in attributions.axes]
    if "band" in axes and attributions.bands is None and attributions.freqs is None:
        axes.remove("band")
    return [axis for axis in axes if axis in AXES] or list(attributions.axes)


def _over_people(people: PeopleAttributions) -> str:
    """The points that pass the test over people; all of them folded."""
    by = _axes(people)
    try:
        test = people.test(by)
    except ValueError as error:
        return h.paragraph(f"Not tested over people: {error}")
    test = test.sort_values(["p", "t"], ascending=[True, False], kind="stable")
    table = _written(test, by, people)[[*by, "p", "t", "attribution"]]
    alpha = level(len(people))
    passes = test["p"] < alpha
    names = " and ".join(by)
    heading = h.heading(f"What stands for people, by {names} (p < {alpha})")
    first = h.table(table[passes.to_numpy()])
    if not passes.any():
        first = h.paragraph(f"No {names} stands for people: every p is {alpha} or more.")
    return heading + first + h.details(f"All {count(len(table), 'point')}", h.table(table))


def _means(attributions: Attributions) -> str:
    """The mean of each class, folded."""
    by = ["class", *_axes(attributions)]
    table = _written(attributions.mean(by), by, attributions)
    return h.details(f"All {count(len(table), 'mean')}", h.table(table))


def _written(table: pd.DataFrame, by: Sequence[str], attributions: Attributions) -> pd.DataFrame:
    """Attributions in four digits; a table would round small ones to nothing."""
    text = table["attribution"].map("{:.3g}".format)
    unit = "" if attributions.times is None else " s"  # else windows are in samples
    places = {axis: table[axis].map(lambda place: _in_words(place, unit)) for axis in by}
    return table.assign(attribution=text, **places)


def _in_words(place: object, unit: str) -> str:
    """A name, or a window."""
    if isinstance(place, tuple):
        return f"{place[0]:g} to {place[1]:g}{unit}"
    return str(place)
