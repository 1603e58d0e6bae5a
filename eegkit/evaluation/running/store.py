"""Finished folds on the disk: a run that was killed goes on, and two processes share the work."""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout

from eegkit import tensor_file
from eegkit.atomic import remove_leftovers
from eegkit.evaluation.metrics.scoring import Scorer
from eegkit.evaluation.results.predictions import pack, unpack
from eegkit.evaluation.running.decoder_files import load_decoder, save_decoder
from eegkit.evaluation.running.fold import Data, Outcome, Task
from eegkit.identity import UnidentifiableError, identify

FORMAT_VERSION = 3
# The key of what nobody could know again: it is not kept.
NOT_KEPT = ""


class Store:
    """A folder with one file for each finished fold, and one for its decoder where that is kept.

    A file holds, and is named after, a digest of what decides the fold: the pipeline with its
    parameters and code, the trials on either side, the metrics, the versions of libraries (see
    `eegkit.identity`). A fold is written once, whole; whoever works on one holds a lock on it,
    which the system takes back from a process that dies.

    Parameters
    ----------
    folder : path
        Made if it is not there.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder).expanduser()
        self.folder.mkdir(parents=True, exist_ok=True)
        remove_leftovers(self.folder)
        self._locks: dict[str, FileLock] = {}
        self._guard = threading.Lock()

    def keys(
        self,
        tasks: list[Task],
        pipelines: Mapping[tuple[str, int], Any],
        data: Mapping[str, Data],
        scorers: Mapping[str, Scorer],
    ) -> list[str]:
        """The names under which the outcomes of these tasks are kept.

        Warns
        -----
        UserWarning
            Of a pipeline or metric that cannot be identified: such folds are not kept.
        """
        of_pipeline = {key: _identity(f"Pipeline {key[0]!r}", p) for key, p in pipelines.items()}
        of_data = {
            name: identify(np.asarray(d.X), d.metadata, *d.labels_and_groups, files=False)
            for name, d in data.items()
        }
        of_scorers = _identity("A metric", dict(scorers))
        keys = []
        for task in tasks:
            code = of_pipeline[task.fit], of_scorers
            if None in code:
                keys.append(NOT_KEPT)
                continue
            fold = task.fold.train, task.fold.test, task.fold.scored_places, task.checks_access
            keys.append(f"fold-{identify(FORMAT_VERSION, *code, of_data[task.dataset], *fold)}")
        return keys

    def load(self, key: str, task: Task, pipeline: Any) -> Outcome | None:
        """What was kept of a task, under the names it has now; None without a decoder it keeps.

        Raises
        ------
        CorruptFileError
            The file is torn, or of something else.
        """
        if key == NOT_KEPT:
            return None
        path = self._path(key)
        if not path.is_file():
            return None
        try:
            header, arrays = tensor_file.read(path.read_bytes(), str(path))
            tensor_file.check_key(header, key, path)
            decoder = None
            if task.keeps_decoder:
                checksum = header.get("decoder")
                decoder = load_decoder(self._decoder_path(key), checksum, pipeline)
        except tensor_file.CorruptFileError as error:
            raise tensor_file.CorruptFileError(
                f"A fold cannot be read back: {error} Remove the file to compute it again."
            ) from error
        if task.keeps_decoder and decoder is None:
            return None
        # What an older file lacks, and what may have another name or number now.
        rows = [task.names | _with_nan(row) | task.names for row in header["rows"]]
        predictions = unpack(header["predictions"], arrays)
        undefined = [(metric, subject) for metric, subject in header["undefined"]]
        n = len(predictions)
        predictions = replace(
            predictions, fold=np.full(n, task.fold.number), seed=np.full(n, task.seed)
        )
        # An older file is of a pipeline that searched for nothing.
        search = [row | task.names for row in header.get("search", [])]
        return Outcome(
            task.number, rows, predictions, undefined=undefined, findings=header["findings"],
            search=search, decoder=decoder, alone=header.get("alone", []),
        )  # fmt: skip

    def save(self, key: str, outcome: Outcome) -> None:
        """Keep the outcome of a task that did not fail, and let go of its lock."""
        if key != NOT_KEPT and outcome.failure is None:
            assert outcome.predictions is not None
            arrays: dict[str, Any] = {}
            header: dict[str, Any] = {
                "key": key,
                "rows": [_without_nan(row) for row in outcome.rows],
                "undefined": [[metric, subject] for metric, subject in outcome.undefined],
                "findings": outcome.findings,
                "search": outcome.search,
                "alone": outcome.alone,
                "predictions": pack(outcome.predictions, arrays),
            }
            # A record and a decoder are of one fit, whatever stood there and whenever this ends.
            self._path(key).unlink(missing_ok=True)
            if outcome.decoder is not None:
                name, path = outcome.rows[0]["pipeline"], self._decoder_path(key)
                header["decoder"] = save_decoder(outcome.decoder, path, name)
            tensor_file.write(self._path(key), arrays, header)
            # Whoever locks a new file of this name now will find that the fold is finished.
            self._lock_path(key).unlink(missing_ok=True)
        self.release(key)

    def claim(self, key: str) -> bool:
        """Whether this process may work on a task: nobody else does."""
        if key == NOT_KEPT:
            return True
        lock = FileLock(self._lock_path(key), thread_local=False)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return False
        with self._guard:
            self._locks[key] = lock
        return True

    def release(self, key: str) -> None:
        """Let go of a task's lock."""
        with self._guard:
            lock = self._locks.pop(key, None)
        if lock is not None:
            lock.release()

    def release_all(self) -> None:
        """What was claimed and not finished is anybody's again."""
        for key in list(self._locks):
            self.release(key)

    def _lock_path(self, key: str) -> Path:
        return self.folder / f".{key}.lock"

    def _decoder_path(self, key: str) -> Path:
        return self._path(key.replace("fold", "decoder", 1))

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.safetensors"


def _identity(title: str, value: Any) -> str | None:
    """What identifies it; None, and a warning, where nothing does."""
    try:
        return identify(value)
    except UnidentifiableError as error:
        warnings.warn(
            f"{title} cannot be identified, so its folds are computed, but not kept in the store: "
            f"{error}",
            UserWarning,
            stacklevel=6,
        )
        return None


def _without_nan(row: Mapping[str, Any]) -> dict[str, Any]:
    return {k: None if isinstance(v, float) and np.isnan(v) else v for k, v in row.items()}


def _with_nan(row: Mapping[str, Any]) -> dict[str, Any]:
    return {k: float("nan") if v is None else v for k, v in row.items()}
