"""The table of sessions: what it remembers and what it forgets first."""

from hypothesis import given
from hypothesis import strategies as st

from drumbridge.engine.session import Sessions


def nobody(client_id):
    return False


def test_the_one_unheard_longest_is_forgotten_first():
    sessions = Sessions(nobody, nobody, limit=3)
    for key in "abc":
        sessions.open(key, None)
    sessions.find("a")
    sessions.open("d", None)
    assert sessions.find("b") is None
    assert [sessions.find(key) is not None for key in "acd"] == [True] * 3


def test_strangers_do_not_push_out_who_introduced_itself():
    sessions = Sessions(nobody, nobody, limit=3)
    device = sessions.open("device", None)
    device.name = ""
    for stranger in range(100):
        sessions.open(stranger, None)
    assert sessions.find("device") is device
    assert len(sessions) == 3


def test_who_is_at_work_is_not_forgotten():
    busy = set()
    sessions = Sessions(busy.__contains__, nobody, limit=2)
    working = [sessions.open(key, None) for key in range(5) if not busy.add(key + 1)]
    assert [sessions.find(key) for key in range(5)] == working
    busy.clear()
    sessions.open("next", None)
    assert sessions.find(0) is None


@given(st.lists(st.integers(0, 20)), st.integers(1, 8))
def test_no_more_are_remembered_than_the_limit_and_no_number_is_used_twice(keys, limit):
    sessions = Sessions(nobody, nobody, limit=limit)
    ids = []
    for key in keys:
        session = sessions.find(key)
        if session is None:
            session = sessions.open(key, None)
            ids.append(session.client_id)
        assert sessions.find(key) is session
        assert len(sessions) <= limit
    assert len(set(ids)) == len(ids)


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans())), st.integers(1, 4))
def test_every_client_is_remembered_until_it_is_told_to_be_gone_once(steps, limit):
    gone = []
    sessions = Sessions(nobody, gone.append, limit=limit)
    ids = {}
    for key, close in steps:
        if close:
            sessions.close(key)
        elif sessions.find(key) is None:
            ids[sessions.open(key, None).client_id] = key
    remembered = {session.client_id for key in ids.values() if (session := sessions.find(key)) is not None}
    assert sorted(gone + list(remembered)) == sorted(ids)
