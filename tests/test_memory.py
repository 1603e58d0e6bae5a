"""Neither transforming nor training from a memmap holds it in memory."""

import importlib.util
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[1] / "benchmarks" / "memory.py"
N_BYTES = 400_000_000
# What was read or written may stay until 128 MB of it have gathered; a block comes on top.
LIMIT_MB = 230


@pytest.fixture
def memory():
    spec = importlib.util.spec_from_file_location("memory", BENCHMARK)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_memory_does_not_grow_with_the_array(memory, tmp_path):
    source, target = tmp_path / "trials.npy", tmp_path / "spectrograms.npy"
    memory.write_trials(source, N_BYTES)
    told = memory.in_a_new_process(memory.TRANSFORM, source, memory.SFREQ, target, 1)
    assert told["peak_mb"] - told["at_rest_mb"] < LIMIT_MB
    assert (N_BYTES + told["out_bytes"]) / 2**20 > 2 * LIMIT_MB
    assert memory.differing_rows(source, target) == []
    for path in (source, target):
        path.unlink()


@pytest.mark.slow
def test_training_does_not_hold_the_array(memory, tmp_path):
    source = tmp_path / "trials.npy"
    memory.write_trials(source, N_BYTES)
    told = memory.in_a_new_process(memory.TRAIN, source, memory.SFREQ)
    assert told["peak_mb"] - told["at_rest_mb"] < LIMIT_MB
    source.unlink()


def test_the_benchmark_tells_what_it_measured(memory, capsys):
    assert memory.main(["--gb", "0.02"]) == 0
    told = capsys.readouterr().out
    assert "bytes as in one go, 120 trials compared: True" in told
    assert memory.main(["--gb", "0.02", "--limit-mb", "1"]) == 1


def test_the_benchmark_sees_a_changed_byte(memory, tmp_path):
    source, target = tmp_path / "trials.npy", tmp_path / "spectrograms.npy"
    n_trials = memory.write_trials(source, 20_000_000)
    memory.in_a_new_process(memory.TRANSFORM, source, memory.SFREQ, target, 1)
    assert memory.differing_rows(source, target) == []
    data = bytearray(target.read_bytes())
    data[-1] ^= 1
    target.write_bytes(data)
    assert memory.differing_rows(source, target) == [n_trials - 1]
