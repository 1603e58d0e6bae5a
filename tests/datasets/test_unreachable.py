"""A download that fails is told in words, none of them cut."""

from types import SimpleNamespace
from urllib.error import HTTPError, URLError

import mne
import pytest
import requests

from eegkit.datasets import EEGBCI
from eegkit.datasets._unreachable import why_it_failed

NO_NAME = (
    "HTTPSConnectionPool(host='physionet.org', port=443): Max retries exceeded with url: "
    '/files/eegmmidb/1.0.0/S001/S001R04.edf (Caused by NameResolutionError("HTTPSConnection('
    "host='physionet.org', port=443): Failed to resolve 'physionet.org' ([Errno -2] Name or "
    'service not known)"))'
)
SAID = "physionet.org could not be reached ({}); look whether this computer is online"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (requests.ConnectionError(NO_NAME), SAID.format("ConnectionError")),
        (requests.ConnectTimeout(NO_NAME), SAID.format("ConnectTimeout")),
        (
            requests.ConnectionError("no", request=SimpleNamespace(url="https://physionet.org/x")),
            SAID.format("ConnectionError"),
        ),
        (URLError("no route to host"), "URLError: <urlopen error no route to host>"),
        (
            requests.HTTPError(
                "404 Client Error: Not Found", request=SimpleNamespace(url="https://physionet.org")
            ),
            "HTTPError: 404 Client Error: Not Found",
        ),
        (
            HTTPError("https://physionet.org", 404, "gone", {}, None),
            "HTTPError: HTTP Error 404: gone",
        ),
        (ConnectionError("no route to host"), "ConnectionError: no route to host"),
        (OSError("word " * 100), "OSError: " + "word " * 39 + "..."),
    ],
)
def test_why(error, said):
    assert why_it_failed(error) == said


def test_without_a_network(tmp_path, monkeypatch):
    def refuse(*args, **options):
        raise requests.ConnectionError(NO_NAME)

    monkeypatch.setattr(mne.datasets.eegbci, "load_data", refuse)
    with pytest.raises(FileNotFoundError) as caught:
        EEGBCI(path=tmp_path, subjects=[1], download=True).load()
    failed = f"(the download failed: {SAID.format('ConnectionError')}). Set path="
    assert failed in str(caught.value)
