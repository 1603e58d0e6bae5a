"""Without leave nothing is downloaded, and nothing of the process is changed for that."""

import os
import socket
import threading

import pytest
import requests
from eegkit_moabb._environment import sandbox

from eegkit import load_dataset


def functions():
    """What a patch would replace."""
    return (
        socket.getaddrinfo, socket.create_connection, socket.socket, socket.socket.connect,
        os.mkdir, os.makedirs, requests.get, requests.Session.send,
    )  # fmt: skip


@pytest.fixture
def server():
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        yield server


def connect(server, errors):
    try:
        socket.create_connection(server.getsockname(), timeout=5).close()
    except OSError as error:
        errors.append(error)


def in_a_thread(function, *args):
    thread = threading.Thread(target=function, args=args)
    thread.start()
    thread.join(30)


def test_no_connection_is_opened_and_nothing_is_patched(server, tmp_path):
    host, port = server.getsockname()
    before = functions()
    errors = []
    with sandbox(tmp_path, download=False) as hosts:
        assert functions() == before
        with pytest.raises(OSError, match="nothing may be downloaded"):
            socket.create_connection((host, port), timeout=5)
        with pytest.raises(OSError, match="nothing may be downloaded"):
            requests.get(f"http://{host}:{port}/", timeout=5)
        with socket.socket() as one, pytest.raises(OSError, match="nothing may be downloaded"):
            one.connect_ex((host, port))
        in_a_thread(connect, server, errors)
    assert set(hosts) == {host}
    assert len(errors) == 1
    with pytest.raises(TimeoutError):
        server.accept()
    in_a_thread(connect, server, errors)
    server.accept()[0].close()
    assert len(errors) == 1
    assert functions() == before


def test_other_threads_are_left_alone(server, tmp_path):
    errors = []
    inside = threading.Event()

    def later():
        inside.wait(30)
        connect(server, errors)

    thread = threading.Thread(target=later)
    thread.start()
    with sandbox(tmp_path, download=False) as hosts:
        inside.set()
        thread.join(30)
    server.accept()[0].close()
    assert not errors
    assert not hosts


def test_folders_go_unless_they_hold_something_or_were_there(tmp_path):
    (tmp_path / "there").mkdir()
    with sandbox(tmp_path, download=False):
        for name in ("there", "full", "empty/within"):
            os.makedirs(tmp_path / name, exist_ok=True)
        (tmp_path / "full" / "file").write_text("x")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["full", "there"]


def test_with_leave_the_network_is_there(server, tmp_path):
    errors = []
    with sandbox(tmp_path, download=True):
        connect(server, errors)
    server.accept()[0].close()
    assert not errors


def test_one_sentence_where_nothing_is_there(tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        load_dataset("moabb:BNCI2014_001", subjects=[1], path=tmp_path)
    assert str(caught.value) == (
        f"BNCI2014_001: none of the people asked for is there (not in {tmp_path}; download=True "
        "fetches what is missing (eegkit evaluate: --option download=True))."
    )
    assert not list(tmp_path.iterdir())
