"""Why a download failed, in words."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from eegkit.text import shortened

# What errors of Python, requests and urllib are called where a computer gave no answer.
NO_ANSWER = {"ConnectionError", "ConnectTimeout", "TimeoutError", "Timeout", "URLError"}
# Their kinds where it did.
ANSWERED = {"HTTPError", "SSLError"}


def why_it_failed(error: OSError) -> str:
    """That a computer cannot be reached, and which; else what the error says, shortened."""
    name = type(error).__name__
    kinds = {cls.__name__ for cls in type(error).__mro__}
    host = _host(error)
    if host and kinds & NO_ANSWER and not kinds & ANSWERED:
        return f"{host} could not be reached ({name}); look whether this computer is online"
    return f"{name}: {shortened(str(error).partition(chr(10))[0], 200)}"


def _host(error: OSError) -> str:
    """The computer that was asked, as far as the error knows it."""
    request = getattr(error, "request", None)
    known = urlsplit(str(getattr(request, "url", ""))).hostname
    quoted = re.search(r"host='([^']+)'", str(error))
    return known or (quoted[1] if quoted else "")
