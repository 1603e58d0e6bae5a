"""What the data sets of this plugin share: which channels, and how large EEG can be."""

from __future__ import annotations

from collections.abc import Sequence

from eegkit.parameters import ParameterError
from eegkit.recordings import plain_name

# Beyond 1 V no value is EEG; it is a broken file.
LIMIT = 1e6

AGAIN = "remove the file and get it again."


def choose_channels(
    request: Sequence[str] | None, ch_names: Sequence[str], title: str
) -> list[int]:
    """Where the channels asked for lie among those known; all by default.

    Raises
    ------
    ValueError
        None, an unknown one, or one twice is asked for.
    """
    if request is None:
        return list(range(len(ch_names)))
    names = [request] if isinstance(request, str) else list(request)
    index = {plain_name(name): i for i, name in enumerate(ch_names)}
    if not names:
        raise ParameterError(
            "channels is empty; expected names of channels, or None for all.", "channels"
        )
    strange = [n for n in names if not isinstance(n, str) or plain_name(n) not in index]
    if strange:
        raise ParameterError(
            f"{title} has no channel {', '.join(map(str, strange))}; it has {', '.join(ch_names)}.",
            "channels",
        )
    indices = [index[plain_name(name)] for name in names]
    if len(set(indices)) < len(indices):
        raise ParameterError(
            f"channels names one twice: {', '.join(names)}; name each once.", "channels"
        )
    return indices
