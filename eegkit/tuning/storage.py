"""Studies that outlive their process, and may be shared by several."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import optuna
from filelock import FileLock, Timeout
from optuna.storages import BaseStorage, InMemoryStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from optuna.trial import FrozenTrial, TrialState

from eegkit.identity import UnidentifiableError, identify
from eegkit.parameters import ParameterError
from eegkit.text import shortlist
from eegkit.tuning.people import split_facts
from eegkit.tuning.spaces import Space

# Of a database: how often a process says that it is still at work, and when nobody believes it is.
BEAT_S, SILENCE_S = 20.0, 120.0
ATTEMPT, BEAT, IDENTITY = "attempt_of", "beat", "eegkit"


# How much Optuna tells, as it was before each search that is running, maybe in another thread.
_levels: list[int] = []
_lock = threading.Lock()


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Optuna's log of every trial is left out until the last search that runs has ended."""
    with _lock:
        _levels.append(optuna.logging.get_verbosity())
        optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        yield
    finally:
        with _lock:
            optuna.logging.set_verbosity(_levels.pop())


def open_study(
    storage: str | os.PathLike[str] | None, name: str | None, identity: dict[str, str]
) -> optuna.Study:
    """The study of a search: a new one, or that which an earlier process left behind.

    Parameters
    ----------
    storage : path or URL, optional
        A file, for Optuna's journal, or a database; by default the memory of this process.
    name : str, optional
        By default one that is made of `identity`.
    identity : dict of str to str
        What the study answers for, as `identity_of` has it; nothing of one in memory.

    Raises
    ------
    ParameterError
        Nothing can be written there, or the study of that name answers for something else.
    """
    name = name or f"tuned-{identity.get('all', 'here')[:12]}"
    try:
        study = optuna.create_study(
            storage=open_storage(storage),
            study_name=name,
            direction="maximize",
            load_if_exists=True,
        )
        if not study.user_attrs:
            study.set_user_attr(IDENTITY, identity)
    except Exception as error:  # whatever a database or file system raises
        raise ParameterError(
            f"storage is {str(storage)!r}, where no study can be kept ({error}); give a file in a "
            "folder that can be written to, or the URL of a database.",
            "storage",
        ) from error
    _check_identity(study, name, identity)
    return study


def identity_of(
    tuned: Any, space: Space, folds: Any, X: Any, y: Any, groups: Any
) -> dict[str, str]:
    """What the study of a `TunedClassifier` answers for, part by part, and "all" of it.

    Raises
    ------
    ParameterError
        Of a part nobody could tell whether it is the same the next time.
    """
    plain, facts = split_facts(X)
    try:
        parts = {
            "space": identify(space.describe(), {d.name: d.options for d in space.dimensions}),
            "decoder": identify(tuned.decoder),
            "trials": identify(plain, facts, y, groups, files=False),
            "folds": identify(folds),
            "metric": identify(tuned.scoring),
            "way of stopping": identify(tuned.pruner),
            # The settings of a grid are counted, those of other samplers drawn.
            "sampler": identify(tuned.sampler == "grid"),
        }
    except UnidentifiableError as error:
        raise ParameterError(
            f"storage is given, but nobody could tell this search from another later: {error}",
            "storage",
        ) from error
    return parts | {"all": identify(*parts.values())}


def open_storage(storage: str | os.PathLike[str] | None) -> BaseStorage:
    """The storage of Optuna: of this process, of a file, or a database by its URL."""
    path = _file_of(storage)
    if path is None:
        return InMemoryStorage() if storage is None else RDBStorage(str(storage))
    folder = _locks_of(path)
    folder.mkdir(parents=True, exist_ok=True)
    lock = _SystemLock(folder / "journal.lock")
    with lock.file_lock:
        _drop_torn_line(path)
    return JournalStorage(JournalFileBackend(str(path), lock))


class _SystemLock(JournalFileOpenLock):
    """A lock on a journal that the system takes back from a process that dies.

    Optuna's own would be waited for half a minute, each time.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.file_lock = path, FileLock(path)

    def __reduce__(self) -> Any:
        return type(self), (self.path,)

    def acquire(self) -> bool:
        self.file_lock.acquire()
        return True

    def release(self) -> None:
        self.file_lock.release()


def _file_of(storage: str | os.PathLike[str] | None) -> Path | None:
    """None of a database, and of what is in memory."""
    if storage is None or "://" in str(storage):
        return None
    return Path(storage).expanduser()


def _locks_of(path: Path) -> Path:
    return Path(f"{path}.locks")


def _drop_torn_line(path: Path) -> None:
    """Take away what a process that died was about to write: every entry of a journal is a line."""
    if path.exists():
        content = path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        if len(whole) < len(content):
            os.truncate(path, len(whole))


def _check_identity(study: optuna.Study, name: str, identity: dict[str, str]) -> None:
    there = study.user_attrs.get(IDENTITY, {})
    if there == identity:
        return
    others = [key for key in identity if key != "all" and there.get(key) != identity[key]]
    raise ParameterError(
        f"The study {name!r} in this storage is of another {shortlist(others) or 'search'}, so its "
        "trials say nothing here. Leave study_name out, give another, or another storage.",
        "study_name",
    )


class Claims:
    """Who is at work on which trial, so that what a process left behind is seen and tried again.

    Parameters
    ----------
    study : optuna.Study
    storage : path or URL, optional
        Next to a file lie locks, which the system takes back from a process that dies. In a
        database a process says from time to time that it is still at work.
    """

    def __init__(self, study: optuna.Study, storage: str | os.PathLike[str] | None) -> None:
        self.study = study
        file = _file_of(storage)
        self.folder = None if file is None else _locks_of(file)
        self.shared = storage is not None
        self._locks: dict[int, FileLock] = {}
        self._running: dict[int, optuna.Trial] = {}
        self._end = threading.Event()
        if self.shared and self.folder is None:
            threading.Thread(target=self._beat, daemon=True).start()

    @contextlib.contextmanager
    def asking(self) -> Iterator[None]:
        """Alone among the processes with this file, as far as can be."""
        with FileLock(self._path("ask")) if self.folder is not None else contextlib.nullcontext():
            yield

    def claim(self, trial: optuna.Trial) -> None:
        self._running[trial.number] = trial
        if self.folder is not None:
            self._locks[trial.number] = FileLock(self._path(trial.number), thread_local=False)
            self._locks[trial.number].acquire(timeout=0)
        elif self.shared:
            trial.set_user_attr(BEAT, time.time())

    def release(self, number: int) -> None:
        self._running.pop(number, None)
        lock = self._locks.pop(number, None)
        if lock is not None:
            lock.release()
            Path(lock.lock_file).unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of everything."""
        self._end.set()
        for number in list(self._running):
            self.release(number)

    def is_dead(self, trial: FrozenTrial) -> bool:
        """Whether nobody works any more on a trial that is said to run."""
        if not self.shared or trial.number in self._running:
            return False
        if self.folder is None:
            return time.time() - trial.user_attrs.get(BEAT, time.time()) > SILENCE_S
        lock = FileLock(self._path(trial.number))
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return False
        lock.release()
        return True

    def _path(self, name: Any) -> Path:
        assert self.folder is not None
        return self.folder / f"{self.study.study_name}-{name}.lock"

    def _beat(self) -> None:
        while not self._end.wait(BEAT_S):
            for trial in list(self._running.values()):
                with contextlib.suppress(Exception):  # finished in the meantime
                    trial.set_user_attr(BEAT, time.time())


def attempts(study: optuna.Study) -> dict[int, FrozenTrial]:
    """The last attempt at every trial of a search, by the trial's number in the search.

    A trial whose process died is failed and asked for again, which Optuna counts as another.
    """
    last: dict[int, FrozenTrial] = {}
    for trial in study.get_trials(deepcopy=False):
        if ATTEMPT in trial.user_attrs:
            last[trial.user_attrs[ATTEMPT]] = trial
    return last


def bury_dead(study: optuna.Study, is_dead: Callable[[FrozenTrial], bool]) -> None:
    """Fail the trials of processes that died, so that they are asked for again."""
    for trial in study.get_trials(deepcopy=False, states=[TrialState.RUNNING]):
        if is_dead(trial):
            # Another process may have seen it as well.
            with contextlib.suppress(Exception):
                study.tell(trial.number, state=TrialState.FAIL)
