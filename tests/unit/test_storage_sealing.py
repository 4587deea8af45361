"""Field encryption: what goes in comes out, only with the right key, only in the right place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail.domain.errors import StorageError
from handrail.storage.sealing import new_data_key, seal, unseal, unwrap, wrap

KEY = bytes(range(32))
PLACE = "contact|message.body|row"


@given(st.text())
def test_any_text_comes_back(words):
    assert unseal(KEY, PLACE, seal(KEY, PLACE, words)) == words


@given(st.text(st.characters(codec=None)))
def test_half_a_surrogate_pair_keeps_every_position(words):
    back = unseal(KEY, PLACE, seal(KEY, PLACE, words))
    assert len(back) == len(words)
    assert all(a == b or b == "\ufffd" for a, b in zip(words, back, strict=True))


def test_the_same_text_is_sealed_differently_every_time():
    assert len({seal(KEY, PLACE, "hello") for _ in range(50)}) == 50


def test_the_text_is_not_in_the_sealed_bytes():
    sealed = seal(KEY, PLACE, "a sentence")
    assert b"sentence" not in sealed
    assert len(sealed) == 1 + 12 + len("a sentence") + 16


@pytest.mark.parametrize(
    "place", ["", "other|message.body|row", "contact|message.buttons|row", "contact|message.body|r"]
)
def test_another_place_does_not_open(place):
    with pytest.raises(StorageError, match="does not open"):
        unseal(KEY, place, seal(KEY, PLACE, "hello"))


def test_another_key_does_not_open():
    with pytest.raises(StorageError, match="does not open"):
        unseal(new_data_key(), PLACE, seal(KEY, PLACE, "hello"))


def test_every_altered_bit_is_noticed():
    sealed = seal(KEY, PLACE, "hi")
    for position in range(len(sealed)):
        altered = bytearray(sealed)
        altered[position] ^= 1
        with pytest.raises(StorageError):
            unseal(KEY, PLACE, bytes(altered))


@pytest.mark.parametrize("broken", [b"", b"\x01", b"\x02" + bytes(40), b"\x01" + bytes(12)])
def test_bytes_that_are_no_sealed_value_are_refused(broken):
    with pytest.raises(StorageError):
        unseal(KEY, PLACE, broken)


def test_a_data_key_opens_for_its_contact_alone():
    data_key = new_data_key()
    wrapped = wrap(KEY, "one", data_key)
    assert len(data_key) == 32
    assert data_key not in wrapped
    assert unwrap(KEY, "one", wrapped) == data_key
    with pytest.raises(StorageError):
        unwrap(KEY, "two", wrapped)
    with pytest.raises(StorageError):
        unwrap(new_data_key(), "one", wrapped)
