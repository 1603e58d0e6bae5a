"""Memory stays with the process while nets train."""

import numpy as np
import pytest
import torch

from eegkit.classifiers import CNNBiGRU, _memory
from eegkit.classifiers._memory import AFTERWARDS, KEEPING, kept_memory


class Library:
    """Notes what it is told."""

    def __init__(self):
        self.calls = []

    def mallopt(self, parameter, value):
        self.calls.append((parameter, value))

    def malloc_trim(self, pad):
        self.calls.append("trim")


@pytest.fixture
def library(monkeypatch):
    library = Library()
    monkeypatch.setattr(_memory, "_glibc", lambda: library)
    return library


def test_the_last_training_to_end_gives_memory_back(library):
    with kept_memory("cpu"):
        with pytest.raises(ValueError, match="stop"), kept_memory("cpu"):
            raise ValueError("stop")
        assert library.calls == 2 * list(KEEPING.items())
    assert library.calls[4:] == [*AFTERWARDS.items(), "trim"]


def test_a_fit_keeps_memory(library):
    X = np.random.default_rng(0).normal(size=(8, 2, 10, 5))
    CNNBiGRU(max_epochs=1, random_state=0, device="cpu").fit(X, ["a", "b"] * 4)
    assert library.calls == [*KEEPING.items(), *AFTERWARDS.items(), "trim"]


def test_training_on_a_gpu_changes_nothing(library):
    with kept_memory("cuda"):
        pass
    assert library.calls == []


@pytest.mark.parametrize("name", ["MALLOC_ARENA_MAX", "GLIBC_TUNABLES"])
def test_settings_from_the_environment_stay(name, monkeypatch):
    monkeypatch.setenv(name, {"GLIBC_TUNABLES": "glibc.malloc.arena_max=2"}.get(name, "2"))
    assert _memory._glibc.__wrapped__() is None


@pytest.mark.skipif(_memory._glibc() is None, reason="glibc, with its own settings")
def test_large_arrays_are_not_mapped_anew():
    resource = pytest.importorskip("resource")

    def n_faults():
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        for _ in range(4):
            torch.zeros(2**24)  # 64 MB
        return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

    mapped = n_faults()
    with kept_memory("cpu"):
        for _ in range(8):  # until the space is there that they fit into
            kept = n_faults()
    assert kept < mapped / 4
