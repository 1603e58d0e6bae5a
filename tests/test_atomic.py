"""Files that are whole or not there."""

import errno
import os
import threading
import time

import pytest

from eegkit.atomic import atomic_write, remove_leftovers


@pytest.mark.parametrize("durable", [False, True])
def test_a_new_file_takes_the_place_of_the_old_one(durable, tmp_path):
    path = tmp_path / "a file: of [1] name.txt" if os.name == "posix" else tmp_path / "a.txt"
    path.write_text("old")
    with atomic_write(str(path), durable=durable) as part:
        assert part.parent == tmp_path
        part.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def _write_half(path, error):
    with atomic_write(path) as part:
        part.write_text("ha")
        raise error


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "full"), KeyboardInterrupt(), ValueError("no")]
)
def test_half_a_file_never_stands_where_a_good_one_stood(error, tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("good")
    with pytest.raises(type(error)):
        _write_half(path, error)
    assert path.read_text() == "good"
    assert list(tmp_path.iterdir()) == [path]


def test_nothing_was_written(tmp_path):
    with pytest.raises(FileNotFoundError), atomic_write(tmp_path / "a.txt"):
        pass
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_made(tmp_path):
    path = tmp_path / "absent" / "too" / "a.txt"
    with atomic_write(path) as part:
        part.write_text("new")
    assert path.read_text() == "new"
    for below in ("b.txt", "more/b.txt"):
        with (
            pytest.raises(NotADirectoryError, match=r"a\.txt.* a file has that name"),
            atomic_write(path / below),
        ):
            pass


def test_writers_at_once_leave_one_whole_file(tmp_path):
    path = tmp_path / "a.txt"
    texts = [str(i) * 100_000 for i in range(8)]
    together = threading.Barrier(len(texts))

    def write(text):
        with atomic_write(path) as part:
            together.wait(30)
            part.write_text(text)

    threads = [threading.Thread(target=write, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_text() in texts
    assert list(tmp_path.iterdir()) == [path]


def test_what_was_left_half_written_goes_after_an_hour(tmp_path):
    names = (".a.txt.0.part", ".b.txt.0.part", ".a.txt.1.part", "a.txt")
    for name in names:
        (tmp_path / name).write_text("x")
        if "1" not in name:
            os.utime(tmp_path / name, (time.time() - 7200,) * 2)
    remove_leftovers(tmp_path, "a.txt")
    assert {path.name for path in tmp_path.iterdir()} == set(names[1:])
    remove_leftovers(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == set(names[2:])
    remove_leftovers(tmp_path / "absent")
