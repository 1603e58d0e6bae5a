"""A data set: the facts about it, its options as fields, and `load`."""

import numpy as np

from eegkit import Dataset, Trials


class MyLab(Dataset):
    """Recordings of my lab, one .npz file for each person."""

    title = "My lab's blinks"
    licence = "CC BY 4.0"
    citation = "Me (2026)"
    url = "https://example.org"
    size_mb = 1.0
    n_subjects, n_channels, recorded_sfreq = 2, 3, 128.0
    classes = ("blink", "still")

    def load(self):
        people = self.subjects if self.subjects is not None else range(1, self.n_subjects + 1)
        if not people or not set(people) <= {1, 2}:
            raise ValueError(f"subjects is {self.subjects!r}; expected some of 1 and 2.")
        files = [np.load(self.root() / f"person{i}.npz") for i in people]
        return Trials.from_arrays(
            np.concatenate([file["X"] for file in files]),
            np.concatenate([file["y"] for file in files]),
            sfreq=self.recorded_sfreq,
            ch_names=["C3", "Cz", "C4"],
            subject=np.repeat(list(people), [len(file["y"]) for file in files]),
        )
