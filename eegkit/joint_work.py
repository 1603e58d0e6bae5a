"""Calls of which some work is done at once.

Each call runs in a thread of its own, but only one at a time. One that asks for joint work stops
there, until others have come that want the same kind of work, or all have stopped; then the work
is done for all of them, and they go on.
"""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sklearn import config_context, get_config

_THREAD = threading.local()


class _Abandoned(BaseException):
    """Raised in calls that wait for work that nobody will do."""


@dataclass
class _Request:
    kind: Hashable
    item: Any
    most: int
    work: Callable[[list[Any]], None]
    error: BaseException | None = None


class _Caller:
    """A call in a thread of its own, which runs from one `go_on` until it stops or ends."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self.request: _Request | None = None
        self.result: Any = None
        self.error: BaseException | None = None
        self.has_ended = False
        self.reasons: list[str] = []
        # Seconds that passed while it stood still, less its share of the work.
        self.idle_s = 0.0
        self._call, self._config = call, get_config()
        self._may_run, self._stands = threading.Semaphore(0), threading.Semaphore(0)
        context = contextvars.copy_context()
        self._thread = threading.Thread(target=context.run, args=(self._run,), daemon=True)
        self._thread.start()

    def _run(self) -> None:
        self._may_run.acquire()
        _THREAD.caller = self
        try:
            with config_context(**self._config):
                self.result = self._call()
        except BaseException as error:
            self.error = error
        self.has_ended = True
        self._stands.release()

    def go_on(self) -> None:
        """Let it run until it stops or ends."""
        self._may_run.release()
        self._stands.acquire()

    def wait_for(self, request: _Request) -> None:
        """Stop, in its own thread, until the work is done; raise what the work raised."""
        start = time.perf_counter()
        self.request = request
        self._stands.release()
        self._may_run.acquire()
        self.idle_s += time.perf_counter() - start
        self.request = None
        if request.error is not None:
            raise request.error


def is_joint() -> bool:
    """Whether this thread is that of a call of `run_jointly`."""
    return getattr(_THREAD, "caller", None) is not None


def busy_time() -> float:
    """As `time.perf_counter`, without the time in which this call waited for others.

    Joint work counts as an equal part for each.
    """
    caller = getattr(_THREAD, "caller", None)
    return time.perf_counter() - (0.0 if caller is None else caller.idle_s)


def note_alone(reason: str) -> None:
    """Note of this call why what it asked for was not done at once with that of others."""
    if is_joint() and reason not in _THREAD.caller.reasons:
        _THREAD.caller.reasons.append(reason)


def reasons_alone() -> list[str]:
    """What `note_alone` was told in this call, each once."""
    return list(_THREAD.caller.reasons) if is_joint() else []


def do_jointly(kind: Hashable, item: Any, most: int, work: Callable[[list[Any]], None]) -> None:
    """Have work done on an item, and on those of other calls that ask for the same kind.

    Parameters
    ----------
    kind : hashable
        Items of one kind are worked on at once.
    item : object
        Whatever `work` reads.
    most : int
        So many items are worked on as soon as they are there.
    work : callable
        ``work(items)``, called once, with this item alone outside of `run_jointly`.
    """
    if not is_joint():
        work([item])
        return
    _THREAD.caller.wait_for(_Request(kind, item, most, work))


def run_jointly(calls: Sequence[Callable[[], Any]]) -> Iterator[Any]:
    """The results of some calls, each as soon as it is there.

    Raises
    ------
    Exception
        What a call raised; the others are not finished then.
    """
    waiting: list[_Caller] = []
    try:
        for call in calls:
            yield from _proceed([_Caller(call)], waiting)
        while waiting:
            yield from _work(_alike(waiting, waiting[0]), waiting)
    finally:
        for caller in waiting:
            assert caller.request is not None
            caller.request.error = _Abandoned()
            caller.go_on()


def _proceed(callers: Sequence[_Caller], waiting: list[_Caller]) -> Iterator[Any]:
    """Let some go on, and do what work they complete."""
    for position, caller in enumerate(callers):
        caller.go_on()
        if caller.error is not None:
            waiting += callers[position + 1 :]  # to be abandoned
            raise caller.error
        if caller.has_ended:
            yield caller.result
            continue
        waiting.append(caller)
        group = _alike(waiting, caller)
        assert caller.request is not None
        if len(group) >= caller.request.most:
            yield from _work(group, waiting)


def _alike(waiting: Sequence[_Caller], caller: _Caller) -> list[_Caller]:
    """Those that wait for the same kind of work."""
    return [
        c for c in waiting if c.request and caller.request and c.request.kind == caller.request.kind
    ]


def _work(callers: Sequence[_Caller], waiting: list[_Caller]) -> Iterator[Any]:
    requests = [caller.request for caller in callers if caller.request is not None]
    start = time.perf_counter()
    try:
        requests[0].work([request.item for request in requests])
    except Exception as error:
        for request in requests:
            request.error = error
    seconds = time.perf_counter() - start
    waiting[:] = [caller for caller in waiting if caller not in callers]
    for caller in callers:
        caller.idle_s -= seconds / len(callers)
    yield from _proceed(callers, waiting)
