"""Watched folders: what changes in them is told."""

import queue
import threading

from drumbridge.audio.watching import _standing, changed_folders

DEADLINE_S = 30


def test_a_new_file_is_told_of(tmp_path):
    (tmp_path / "sub").mkdir()
    told = queue.Queue()
    stop = threading.Event()

    def watch():
        for folders in changed_folders([tmp_path], stop.is_set):
            told.put(folders)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        folders = []
        for k in range(DEADLINE_S):  # until the system watches, which nothing tells
            (tmp_path / "sub" / f"{k}.wav").touch()
            try:
                folders = told.get(timeout=1)
                break
            except queue.Empty:
                continue
        assert folders == [str(tmp_path / "sub")]
    finally:
        stop.set()
        thread.join(DEADLINE_S)
    assert not thread.is_alive()


def test_a_folder_that_is_gone_is_looked_for_from_above(tmp_path):
    (tmp_path / "a").mkdir()
    root = str(tmp_path)
    assert _standing(str(tmp_path / "a"), [root]) == str(tmp_path / "a")
    assert _standing(str(tmp_path / "a" / "b" / "c"), [root]) == str(tmp_path / "a")
    assert _standing(str(tmp_path / "x"), [root]) == root
    assert _standing(str(tmp_path.parent), [root]) == root
