"""The HTML report: what it says, that it needs no network, and how it looks in a browser."""

import importlib.util
import re
from html.parser import HTMLParser
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import KFold

from eegkit import Results, Trials, evaluate, load_dataset, report
from eegkit.evaluation import baselines, bootstrap_interval
from eegkit.reporting.headline import tell
from eegkit.reporting.sources import references_of

mpl.use("agg")

SHUFFLED = KFold(3, shuffle=True, random_state=0)


def beside(name):
    """A module of this folder, or of another that is no package."""
    path = Path(__file__).parent / name
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


browser = beside("browser.py")


class Breaks(ClassifierMixin, BaseEstimator):
    """Fails where the first person is in training."""

    def fit(self, X, y):
        if "S01" in X.groups:
            raise RuntimeError("<b>the matrix</b> is singular")
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])


@pytest.fixture(scope="module")
def trials():
    return load_dataset("simulated", n_subjects=8, n_trials=16)


@pytest.fixture(scope="module")
def results(trials):
    """Five folds, three pipelines, one of which fails four times."""
    pipelines = {
        "band_power+lr": baselines()["band_power+lr"],
        "constant": DummyClassifier(),
        "breaks": Breaks(),
    }
    with pytest.warns(UserWarning, match="failed, the first with RuntimeError"):
        return evaluate(pipelines, {"simulated": trials}, cv="group-4", random_state=0)


@pytest.fixture(scope="module")
def leaky(trials):
    """Two data sets, one of them with trials of everybody on both sides."""
    both = {"simulated": trials, "ours": trials[trials.groups != "S08"]}
    pipeline = {
        "resample+standardizer+band_power+logistic_regression": baselines()["band_power+lr"]
    }
    return evaluate(pipeline, both, cv=SHUFFLED, scoring="accuracy", on_leak="mark")


@pytest.fixture(scope="module")
def folder(tmp_path_factory, results, leaky, trials):
    made = tmp_path_factory.mktemp("reports")
    report(results, made / "good.html", trials)
    report(leaky, made / "leaky.html")
    return made


@pytest.fixture(scope="module")
def page(folder):
    return (folder / "good.html").read_text("utf-8")


class Links(HTMLParser):
    """What a page would fetch, and its text."""

    def __init__(self):
        super().__init__()
        self.within = ""
        self.fetched, self.text, self.images, self.styles = [], [], [], []

    def handle_starttag(self, tag, attributes):
        named = dict(attributes)
        self.within = tag
        if tag != "a":
            self.fetched += [named[key] for key in ("src", "href", "srcset") if named.get(key)]
        if tag == "img":
            self.images.append(named)

    def handle_data(self, data):
        (self.styles if self.within == "style" else self.text).append(data)

    def handle_endtag(self, tag):
        self.within = ""


def read(page):
    links = Links()
    links.feed(page)
    return links


def text_of(page):
    """The words after the scripts and styles of the head."""
    return " ".join(" ".join(read(page[page.index("<body") :]).text).split())


@pytest.mark.parametrize("name", ["good.html", "leaky.html"])
def test_nothing_is_fetched(folder, name):
    page = (folder / name).read_text("utf-8")
    links = read(page)
    assert links.images, "there are figures"
    assert all(image["alt"] for image in links.images)
    assert [to for to in links.fetched if not to.startswith(("data:", "#"))] == []
    assert re.findall(r"url\(\s*['\"]?(?!['\"]|data:|#)[^)]{0,40}", page) == []
    assert links.styles
    assert "@import" not in "".join(links.styles)
    assert sorted(file.name for file in folder.iterdir()) == ["good.html", "leaky.html"]


def test_the_answer_comes_first_with_its_interval(results, page):
    scores = results.scores("balanced_accuracy")["band_power+lr"].to_numpy()
    mean, low, high, _ = bootstrap_interval(scores)
    text = text_of(page)
    answer = text[: text.index("Asked was how well")]
    assert f"band_power+lr, the best of 3, reaches a balanced accuracy of {mean:.3f}" in answer
    assert f"interval over people {low:.3f} to {high:.3f}" in answer
    assert "on 8 people it had not seen" in answer
    above = bootstrap_interval(scores - 0.5)
    assert f"it is {above.mean:.3f} above, at least {above.low:.3f}" in answer
    assert "It does better than constant" in answer
    assert "leaks" not in answer


def test_every_part_is_there(page):
    text = text_of(page)
    for title in (
        "Answer", "Data", "Splits", "Summary", "People", "Comparison", "Confusion", "Classes",
        "Calibration", "Costs", "Failures", "What to cite", "Run it again", "All settings",
    ):  # fmt: skip
        assert re.search(rf'class="text-decoration-none">{title}</a>', page), title
    assert "128, 16 per person" in text, "the trials were described"
    assert "held to keep each subject on one side" in text
    assert "Pfurtscheller" in text, "the paper of the data set"
    assert "Welch" in text, "the paper of a transform"
    assert "baselines()['band_power+lr']" in text
    assert "load_dataset('simulated', n_subjects=8, n_trials=16)" in text
    assert "cv='group-4'" in text
    assert f"numpy {np.__version__}" in text


def test_failures_are_told_in_full_and_as_text(page):
    assert "3 fits failed" in text_of(page)
    assert "breaks, fold 1: RuntimeError: &lt;b&gt;the matrix" in page
    assert "raise RuntimeError(" in text_of(page), "the traceback"
    assert "<b>the matrix" not in page


def test_a_leak_is_said_before_anything_else(folder):
    text = text_of((folder / "leaky.html").read_text("utf-8"))
    leak, answer = text.index("Something leaks through the split"), text.index("reaches a")
    assert leak < answer
    assert "The same person is in training and in test" in text[leak:answer]
    assert "people it was trained on, too" in text
    assert "On simulated," in text
    assert "On ours," in text


def test_chance_is_not_called_skill(trials):
    made = evaluate(DummyClassifier(strategy="uniform", random_state=0), trials, cv="loso")
    said = tell(made, None)
    assert "does not show that it is better than chance" in said
    assert "at least" not in said


def test_who_is_it(trials, tmp_path):
    """The label is the person; trials of odd number train, the others test."""
    run = np.arange(len(trials)) % 2
    who = Trials(trials.X, trials.groups, trials.metadata.assign(run=run), trials.info)
    made = evaluate(
        baselines()["band_power+lr"], {"who": who}, scoring=["accuracy", "top_2_accuracy"],
        cv={"by": "run", "train": [0], "test": [1]}, on_leak="mark",
    )  # fmt: skip
    assert made.split == "fixed, by run"
    text = text_of(report(made, tmp_path / "r.html", {"who": who}).read_text("utf-8"))
    assert "reaches an accuracy of" in text
    assert "8 people it was trained on, too" in text
    assert "in 1 fold (fixed, by run)" in text
    assert "Sizes of 1 fold" in text
    assert "Top 2 accuracy" in text
    assert "Trials of every person by class" not in text


def test_a_file_that_is_there_stays_until_the_new_one_is_whole(results, tmp_path, monkeypatch):
    path = tmp_path / "r.html"
    path.write_text("old")

    def full_disk(self, *args, **options):
        raise OSError("no space left")

    monkeypatch.setattr("pathlib.Path.write_text", full_disk)
    with pytest.raises(OSError, match="no space"):
        report(results, path)
    monkeypatch.undo()
    assert path.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_results_that_were_saved_give_the_same_report(results, folder, tmp_path, trials):
    results.save(tmp_path / "r.safetensors")
    again = Results.load(tmp_path / "r.safetensors")
    report(again, tmp_path / "again.html", trials)
    first, second = (
        re.sub(r"Created on \S+ \S+", "", text_of(path.read_text("utf-8")))
        for path in (folder / "good.html", tmp_path / "again.html")
    )
    assert first == second


def test_without_predictions_the_rest_is_told(results, tmp_path):
    bare = Results(results.table, results.settings)
    text = text_of(report(bare, tmp_path / "r.html").read_text("utf-8"))
    assert "The results hold no predictions." in text
    assert "reaches a balanced accuracy" in text


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"path": "r.pdf"}, "r.pdf'; expected the name of an .html file"),
        ({"trials": "short"}, "are 10, but 128 were evaluated"),
        ({"trials": {"other": None}}, "names the data set 'other'"),
        ({"trials": [1]}, "is.* a list; expected Trials|are a list; expected Trials"),
    ],
)
def test_bad_input(results, trials, tmp_path, options, match):
    given = options.get("trials")
    given = trials[:10] if given == "short" else given
    with pytest.raises(ValueError, match=match):
        report(results, tmp_path / options.get("path", "r.html"), given)
    assert list(tmp_path.iterdir()) == []


def test_references_of_docstrings():
    def documented():
        """Do.

        References
        ----------
        .. [1] A. Author (2001), Title,
           Journal 1, 2-3.
        .. [2] B. Author (2002).

        Examples
        --------
        None.
        """

    assert references_of(documented) == "A. Author (2001), Title, Journal 1, 2-3. B. Author (2002)."
    assert references_of(len) == ""


@pytest.mark.skipif(browser.CHROMIUM is None, reason="There is no Chromium or Chrome to look with.")
@pytest.mark.parametrize("name", ["good.html", "leaky.html"])
@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
def test_in_a_browser(folder, tmp_path, name, width, height):
    questions = {
        "wide": """[...document.querySelectorAll('#content img, #content table, #content pre')]
            .filter(e => !e.closest('.scrolls') && e.checkVisibility())
            .filter(e => e.getBoundingClientRect().right > innerWidth).map(e => e.outerHTML)""",
        "answer": "document.querySelector('.answer p').getBoundingClientRect().top",
        "broken": "[...document.images].filter(i => i.complete && !i.naturalWidth).length",
        "size": "parseFloat(getComputedStyle(document.querySelector('.answer p')).fontSize)",
        "inner": "innerWidth",
    }
    page = browser.open_page(
        folder / name, tmp_path, width=width, height=height, questions=questions
    )
    assert page.found["inner"] == width, "the page is told as narrow as the screen"
    assert page.width <= width, "the page does not scroll sideways"
    assert page.found["wide"] == []
    assert page.found["answer"] < height, "the answer is seen without scrolling"
    assert page.found["size"] >= 16
    assert page.found["broken"] == 0
    assert page.errors == []
    assert page.failed == []
    assert {url.split(":")[0] for url in page.requests} <= {"file", "data"}
    assert page.screenshot.startswith(b"\x89PNG")


def test_results_come_first(results):
    with pytest.raises(ValueError, match=r"results is 'r\.html'; expected Results: report\(resul"):
        report("r.html", results)
