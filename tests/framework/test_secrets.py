"""Sealed secrets: opened by the right ring for the right purpose, or by nobody."""

import os
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratiform.framework.secrets import KeyRing, Tampered, UnknownKey, Unreadable


@pytest.fixture
def path(tmp_path):
    return tmp_path / "keys"


@pytest.fixture(scope="module")
def ring(tmp_path_factory):
    return KeyRing.create(tmp_path_factory.mktemp("ring") / "keys")


@given(plain=st.binary(), context=st.text(st.characters(codec="utf-8")))
def test_what_is_sealed_can_be_opened_for_its_context_alone(ring, plain, context):
    sealed = ring.seal(plain, context)
    assert ring.open(sealed, context) == plain
    with pytest.raises(Tampered):
        ring.open(sealed, context + "x")


@given(st.text(st.characters(codec="utf-8")))
def test_texts_come_back_as_texts(ring, text):
    assert ring.open_text(ring.seal(text, "c"), "c") == text


@given(data=st.data())
def test_no_character_can_be_changed_left_out_or_added(ring, data):
    sealed = ring.seal("a secret", "c")
    at = data.draw(st.integers(0, len(sealed) - 1))
    other = data.draw(st.sampled_from([*"abcXYZ019-_:=! é", ""]))
    how = data.draw(st.sampled_from([0, 1]))
    changed = sealed[:at] + other + sealed[at + how :]
    if changed != sealed:
        with pytest.raises((Tampered, UnknownKey)):
            ring.open(changed, "c")


def test_the_same_secret_never_looks_the_same(ring):
    assert len({ring.seal("x", "c") for _ in range(50)}) == 50


def test_the_form_is_version_key_nonce_text(ring):
    version, key, nonce, text = ring.seal("x", "c").split(":")
    assert version == "v1"
    assert all((key, nonce, text))


def test_the_file_is_its_owners_alone_whatever_the_umask(path):
    before = os.umask(0)
    try:
        KeyRing.create(path).rotate()
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_file_that_others_may_read_is_refused(path, mode):
    KeyRing.create(path)
    path.chmod(mode)
    with pytest.raises(Unreadable, match="chmod 600"):
        KeyRing.load(path)


def test_a_ring_is_never_overwritten_by_a_new_one(path):
    sealed = KeyRing.create(path).seal("x", "c")
    with pytest.raises(Unreadable, match="exists"):
        KeyRing.create(path)
    assert KeyRing.load(path).open(sealed, "c") == b"x"


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"k": "c2hvcnQ="}', '{"k": 1}'])
def test_a_file_that_is_no_ring_is_refused(path, content):
    path.touch(0o600)
    path.write_text(content)
    with pytest.raises(Unreadable, match=f"{path}"):
        KeyRing.load(path)


def test_a_missing_file_is_told(path):
    with pytest.raises(Unreadable, match="No such file"):
        KeyRing.load(path)


def test_rotation_seals_with_the_new_key_and_opens_with_the_old(path):
    ring = KeyRing.create(path)
    old = ring.seal("x", "c")
    assert not ring.stale(old)
    ring.rotate()
    assert ring.stale(old)
    assert not ring.stale(ring.seal("x", "c"))
    assert ring.seal("x", "c").split(":")[1] != old.split(":")[1]
    for each in (ring, KeyRing.load(path)):
        assert each.open(old, "c") == b"x"
    assert [entry.name for entry in path.parent.iterdir()] == ["keys"]


def test_another_process_learns_of_a_rotation_when_it_meets_the_key(path):
    ring = KeyRing.create(path)
    other = KeyRing.load(path)
    ring.rotate()
    assert other.open(ring.seal("x", "c"), "c") == b"x"


def test_two_that_rotate_lose_no_key(path):
    ring = KeyRing.create(path)
    other = KeyRing.load(path)
    sealed = [ring.seal("x", "c")]
    for each in (ring, other, ring):
        each.rotate()
        sealed.append(each.seal("x", "c"))
    assert {KeyRing.load(path).open(each, "c") for each in sealed} == {b"x"}
    assert len({each.split(":")[1] for each in sealed}) == 4


def test_an_unknown_key_is_told_by_its_id(path, ring):
    sealed = ring.seal("x", "c")
    with pytest.raises(UnknownKey, match=sealed.split(":")[1]):
        KeyRing.create(path).open(sealed, "c")


def test_a_ring_does_not_show_its_keys(path):
    ring = KeyRing.create(path)
    assert all(repr(key) not in repr(ring) for key in ring._keys.values())
    assert "1 keys" in repr(ring)
