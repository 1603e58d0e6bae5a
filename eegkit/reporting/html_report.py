"""`report`: results as one HTML file."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

from eegkit.atomic import atomic_write
from eegkit.evaluation import Results
from eegkit.evaluation.splits.metadata import joined
from eegkit.explanation import Attributions
from eegkit.plots._styles import figures_hidden
from eegkit.reporting import markup as h
from eegkit.reporting import sections, sources
from eegkit.reporting.explanation import by_name, explanation
from eegkit.reporting.headline import leak_banner, tell
from eegkit.reporting.tuning import tuning
from eegkit.text import count, shortened
from eegkit.trials import Trials

# mne's script needs a tag on everything. Its menu of tags is hidden, and so must be its key T.
TAG = "results"
NO_KEYS = "addEventListener('load', () => setTimeout(() => { window.onkeydown = null; }));"
VIEWPORT = '<meta name="viewport" content="width=device-width, initial-scale=1">'
# Behind the data, in this order.
SECTIONS: dict[str, Callable[[Results], str]] = {
    "Splits": sections.splits,
    "Summary": sections.summary,
    "Leaky twin": sections.leaky_twin,
    "Tuning": tuning,
    "People": sections.people,
    "Comparison": sections.paired_tests,
    "Confusion": partial(sections.for_each, sections.confusion),
    "Classes": partial(sections.for_each, sections.classes),
    "Calibration": sections.calibration,
    "Costs": sections.costs,
}


def report(
    results: Results,
    path: str | os.PathLike[str],
    trials: Trials | Mapping[str, Trials] | None = None,
    attributions: Attributions | Mapping[str, Attributions] | None = None,
    *,
    check: bool = True,
) -> Path:
    """Write results as one HTML file that opens without a network.

    It begins with the answer: which pipeline is best, how far above chance, on how many people,
    and whether something leaks. Then follow the data, the splits, scores and tests, which class
    was taken for which, calibration, costs, failures, settings, what to cite, and how to run it
    again. Made with `mne.Report`.

    Parameters
    ----------
    results : Results
        What is told about.
    path : path
        Of the file, ``.html``. A file that is there is replaced, once the new one is whole.
    trials : Trials, or dict of str to Trials, optional
        What was evaluated; more is told about them then.
    attributions : Attributions, or dict of str to Attributions, optional
        What the decoders look at, best of `eegkit.explanation.explain_people`; of several, by a
        name for each.
    check : bool, default True
        Whether attributions that were not checked are now, by `Attributions.check`.

    Returns
    -------
    Path
        Of the file.

    Raises
    ------
    ValueError
        The trials are not those that were evaluated; the path does not end in ``.html``; or
        attributions are something else.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sklearn.dummy import DummyClassifier
    >>> from eegkit import evaluate, report
    >>> from eegkit.testing import example_trials
    >>> results = evaluate(DummyClassifier(), example_trials(24), cv="loso")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     text = report(results, Path(folder) / "report.html").read_text("utf-8")
    >>> "Chance is 0.500" in text
    True
    """
    import mne

    by_dataset = _match(results, trials)
    path = Path(path)
    if path.suffix.lower() not in (".html", ".htm"):
        raise ValueError(f"path is {str(path)!r}; expected the name of an .html file.")
    several = by_name(attributions)
    document = mne.Report(title="Decoding report", verbose="error")
    document.include += VIEWPORT
    document.add_custom_css(files("eegkit.reporting").joinpath("report.css").read_text("utf-8"))
    document.add_custom_js(NO_KEYS)
    parts = {name: results.select(dataset=name) for name in results.datasets}
    many = len(parts) > 1

    def add(title: str, content: str, section: str | None = None) -> None:
        if content:
            document.add_html(content, title, tags=(TAG,), section=section)

    with figures_hidden():
        add("Answer", _answer(results, parts))
        for name, part in parts.items():
            section = name if many else None
            add("Data", sections.about_data(part, by_dataset.get(name)), section)
            for title, make in SECTIONS.items():
                add(title, make(part), section)
        add("Explanation", explanation(several, check))
    add("Failures", _failures(results))
    add("What to cite", sources.to_cite(results))
    add("Run it again", sources.run_again(results))
    add("All settings", sources.all_settings(results))
    with atomic_write(path) as target:
        document.save(target, open_browser=False, overwrite=True, verbose="error")
    return path


def _answer(results: Results, parts: Mapping[str, Results]) -> str:
    many = len(parts) > 1
    content = "".join(tell(part, name if many else None) for name, part in parts.items())
    return f'{leak_banner(results)}<div class="answer">{content}</div>'


def _failures(results: Results) -> str:
    n = len(results.failures)
    if not n:
        return ""
    begin = f"{count(n, 'fit')} failed and {'is' if n == 1 else 'are'} in none of the scores."
    rows = []
    for row in results.failures.itertuples():
        on = f"{row.dataset}, " if len(results.datasets) > 1 else ""
        seed = f", seed {row.seed}" if row.seed else ""
        fold = f"fold {row.fold} {row.split}".strip() + seed
        title = f"{on}{row.pipeline}, {fold}: {shortened(row.error, 120)}"
        rows.append(h.details(title, h.code(row.traceback)))
    return h.paragraph(begin) + "".join(rows)


def _match(results: Results, trials: Any) -> dict[str, Trials]:
    """The trials by data set, seen to be those of the results."""
    if not isinstance(results, Results):
        raise ValueError(
            f"results is {results!r:.60}; expected Results: report(results, 'report.html')."
        )
    if trials is None:
        return {}
    datasets = joined(results.datasets)
    if not isinstance(trials, Mapping):
        if len(results.datasets) > 1:
            raise ValueError(
                f"trials is one data set, but the results are of {datasets}; give a dict of them."
            )
        trials = {results.datasets[0]: trials}
    for name, part in trials.items():
        if name not in results.datasets:
            raise ValueError(
                f"trials names the data set {name!r}, but the results are of {datasets}."
            )
        if not isinstance(part, Trials):
            raise ValueError(f"The trials {name!r} are a {type(part).__name__}; expected Trials.")
        n = results.settings.data[name]["n_trials"]
        if len(part) != n:
            raise ValueError(
                f"The trials {name!r} are {len(part)}, but {n} were evaluated; give those "
                "that were."
            )
    return dict(trials)
