"""What the data sets of this plugin share: the same channels in all recordings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from eegkit.datasets import WindowedDataset, choose_subjects
from eegkit.parameters import ParameterError
from eegkit.recordings import plain_name

# Beyond 1 V no value is EEG; it is a broken file.
LIMIT = 1e6

AGAIN = "remove the file and get it again."


class EmotionDataset(WindowedDataset):
    """A data set whose people are numbered from 1 and wore the same channels.

    A subclass names them in `recorded_channels`.

    Parameters
    ----------
    channels : sequence of str, optional
        The channels to load, in that order; all by default.
    """

    recorded_channels: ClassVar[tuple[str, ...]]

    channels: Sequence[str] | None = None

    def check_parameters(self) -> None:
        super().check_parameters()
        self.preparation.check_recorded_rate(self.recorded_sfreq)
        self.pick_channels()

    def people(self) -> list[int]:
        """The numbers of the people that are asked for."""
        return choose_subjects(self.subjects, range(1, self.n_subjects + 1), self.title)

    def pick_channels(self) -> tuple[list[int], list[str]]:
        """Where the channels that are asked for lie among those recorded, and their names.

        Raises
        ------
        ValueError
            None, an unknown one, or one twice is asked for.
        """
        ch_names = self.recorded_channels
        if self.channels is None:
            return list(range(len(ch_names))), list(ch_names)
        names = [self.channels] if isinstance(self.channels, str) else list(self.channels)
        index = {plain_name(name): i for i, name in enumerate(ch_names)}
        if not names:
            raise ParameterError(
                "channels is empty; expected names of channels, or None for all.", "channels"
            )
        strange = [n for n in names if not isinstance(n, str) or plain_name(n) not in index]
        if strange:
            raise ParameterError(
                f"{self.title} has no channel {', '.join(map(str, strange))}; it has "
                f"{', '.join(ch_names)}.",
                "channels",
            )
        picks = [index[plain_name(name)] for name in names]
        if len(set(picks)) < len(picks):
            raise ParameterError(
                f"channels names one twice: {', '.join(names)}; name each once.", "channels"
            )
        return picks, [ch_names[i] for i in picks]
