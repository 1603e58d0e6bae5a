"""Calls of which some work is done at once."""

import threading
import time
from functools import partial

import pytest
from sklearn import config_context, get_config

from eegkit.joint_work import busy_time, do_jointly, is_joint, run_jointly


def double(log, items):
    log.append([item["n"] for item in items])
    for item in items:
        item["n"] *= 2


def call(log, n, kind="a", most=10):
    item = {"n": n}
    do_jointly(kind, item, most, partial(double, log))
    return item["n"]


def test_work_of_one_kind_is_done_at_once_when_all_wait():
    log = []
    results = list(run_jointly([partial(call, log, n, "ab"[n % 2]) for n in range(5)]))
    assert log == [[0, 2, 4], [1, 3]]
    assert results == [0, 4, 8, 2, 6]


def test_work_is_done_as_soon_as_there_is_enough():
    log = []
    results = run_jointly([partial(call, log, n, most=2) for n in range(5)])
    assert next(results) == 0
    assert log == [[0, 1]]
    assert list(results) == [2, 4, 6, 8]
    assert log == [[0, 1], [2, 3], [4]]


def test_a_call_may_ask_several_times_or_never():
    log = []

    def twice(n):
        return call(log, call(log, n))

    assert sorted(run_jointly([partial(twice, 1), lambda: 7, partial(twice, 3)])) == [4, 7, 12]
    assert log == [[1, 3], [2, 6]]


def test_outside_it_is_done_at_once_for_one():
    log = []
    assert call(log, 3) == 6
    assert log == [[3]]
    assert not is_joint()


def test_an_error_of_the_work_reaches_every_call():
    def fail(items):
        raise ValueError("no")

    def catch():
        try:
            do_jointly("a", None, 9, fail)
        except ValueError as error:
            return str(error)

    assert list(run_jointly([catch, catch])) == ["no", "no"]


def test_an_error_of_a_call_ends_all_threads():
    def fail():
        raise KeyError("here")

    n_before = threading.active_count()
    with pytest.raises(KeyError, match="here"):
        list(run_jointly([partial(call, [], 1), partial(call, [], 2), fail]))
    for _ in range(100):
        if threading.active_count() == n_before:
            break
        time.sleep(0.02)
    assert threading.active_count() == n_before


def test_calls_see_the_configuration_of_scikit_learn():
    with config_context(transform_output="pandas"):
        results = list(run_jointly([lambda: get_config()["transform_output"]] * 2))
    assert results == ["pandas", "pandas"]


def test_busy_time_leaves_out_the_wait_for_others():
    def timed(seconds):
        start = busy_time()
        time.sleep(seconds)
        do_jointly("a", None, 9, lambda items: time.sleep(0.2))
        return busy_time() - start

    start = time.perf_counter()
    times = list(run_jointly([partial(timed, 0.0), partial(timed, 0.3)]))
    assert sum(times) <= time.perf_counter() - start + 0.05
    assert times[0] < times[1]
