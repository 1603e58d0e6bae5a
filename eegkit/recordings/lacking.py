"""What to say of recordings that lack channels: which, which may be meant, and what there is."""

from __future__ import annotations

from collections.abc import Sequence

from eegkit.text import suggest


def lacking(
    missing: Sequence[str], n_wanted: int, recorded: Sequence[str], *, many: bool = False
) -> str:
    """What follows the name of a recording, or of several with the same channels.

    Parameters
    ----------
    missing : sequence of str
        The wanted channels that are not there.
    n_wanted : int
        How many were wanted.
    recorded : sequence of str
        The channels that are there.
    many : bool, default False
        Whether it is said of several recordings.

    Returns
    -------
    str
        Two sentences, the first without its subject.

    Examples
    --------
    >>> from eegkit.recordings.lacking import lacking
    >>> "a.edf " + lacking(["C44"], 2, ["C3", "C4"])
    "a.edf lacks 1 of 2 channels that are needed: C44; did you mean 'C4'? It has C3, C4."
    """
    verb, subject = ("lack", "They have") if many else ("lacks", "It has")
    return (
        f"{verb} {len(missing)} of {n_wanted} channels that are needed: "
        f"{', '.join(missing)}{suggest(missing[0], recorded, '')} {subject} {', '.join(recorded)}."
    )
