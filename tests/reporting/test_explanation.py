"""What a report tells of what decoders look at."""

import html
import pickle
import re

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import FunctionTransformer

from eegkit import Pipeline, evaluate, explain, report
from eegkit.explanation import explain_people

CHANNELS = ("C3", "Cz", "C4", "O1", "O2")


def log_power(X):
    return np.log1p(np.var(np.asarray(X), axis=2))


@pytest.fixture(scope="module")
def results(eight_people):
    decoder = Pipeline([FunctionTransformer(log_power), LogisticRegression()])
    return evaluate({"power": decoder}, eight_people, cv="group-2", keep_decoders=True)


@pytest.fixture(scope="module")
def people(results, eight_people):
    return explain_people(results, eight_people, method="occlusion")


def section_of(path):
    """The section, its pictures left out, and how many there are."""
    page = path.read_text("utf-8").partition('id="Explanation"')[2]
    section = page.partition('id="What_to_cite"')[0]
    return re.sub(r'src="[^"]+"', "", section), section.count("<img ")


def test_the_map_of_people_its_test_and_its_verdict(results, people, tmp_path):
    section, n_pictures = section_of(report(results, tmp_path / "r.html", attributions=people))
    assert "Occlusion of 160 trials of 8 people, each by the decoder that never saw" in section
    assert html.escape(people.faithfulness.describe()) in section
    assert people.faithfulness.passed
    assert "could be relied on" not in section
    assert n_pictures == 1
    assert "Attributions on the head" in section
    table = section[section.index("What stands for people, by channel") :]
    rows = re.findall(r"<tr><td>(\w+)</td>", table)
    assert rows[0] == "O1"
    headings = re.findall(r'<th scope="col"[^>]*>([^<]+)</th>', table)
    assert headings[:4] == ["channel", "p", "t", "attribution"], "p is seen on a phone"
    assert sorted(rows[1:]) == sorted(CHANNELS)
    assert "All 5 points" in table
    assert "it is zero on average" in table


def test_a_map_that_is_not_to_be_trusted_has_a_banner(results, eight_people, tmp_path):
    decoder = Pipeline([FunctionTransformer(log_power), LogisticRegression()])
    decoder.fit(eight_people.X, eight_people.y)
    decoder[-1].coef_[:] = 0
    attributions = explain(decoder, eight_people, method="occlusion", target="task")
    section, n_pictures = section_of(
        report(results, tmp_path / "r.html", attributions={"blind": attributions})
    )
    assert ">blind</h4>" in section
    assert "This map says nothing that could be relied on." in section
    assert "Occlusion of 160 trials: the mean of each class explained." in section
    assert "All 5 means" in section
    assert n_pictures == 1


def test_what_cannot_be_tested_or_checked_is_said(results, people, tmp_path):
    few = pickle.loads(pickle.dumps(people[:3]))
    section, _ = section_of(report(results, tmp_path / "r.html", attributions=few))
    assert "Not checked: These attributions do not hold their decoder" in section
    assert "Not tested over people: There are maps of 3 people" in section


def test_without_attributions_there_is_no_section(results, tmp_path):
    assert section_of(report(results, tmp_path / "r.html")) == ("", 0)


@pytest.mark.parametrize("other", [[1, 2], {"a": np.zeros(3)}])
def test_something_else_is_refused(results, tmp_path, other):
    with pytest.raises(ValueError, match=r"expected what eegkit\.explain or explain_people gives"):
        report(results, tmp_path / "r.html", attributions=other)
    assert not (tmp_path / "r.html").exists()
