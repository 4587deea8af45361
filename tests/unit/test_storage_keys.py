"""The key file and what is derived from it."""

import base64
from concurrent.futures import ThreadPoolExecutor

import pytest

from handrail.domain.errors import KeyFileError
from handrail.storage.keys import create_key_file, derive, read_key_file

MASTER = bytes(range(32))


def test_derivation_never_changes():
    """A change here would make every existing database unreadable."""
    keyring = derive(MASTER)
    assert keyring.key_id == "4b84f5c762861460"
    assert (
        keyring.digest("account", "web", "a1")
        == "bb23f2764591d1edbc91b22d55e7116da1fc0fea660aeea92c93b577bb31b675"
    )


def test_the_keys_are_different_and_never_printed():
    keyring = derive(MASTER)
    assert len({keyring.kek, keyring.lookup, MASTER}) == 3
    assert len(keyring.kek) == len(keyring.lookup) == 32
    assert repr(keyring) == f"Keyring(key_id='{keyring.key_id}')"


def test_a_digest_depends_on_purpose_parts_and_their_borders():
    keyring, other = derive(MASTER), derive(bytes(32))
    digests = {
        keyring.digest("account", "ab", "c"),
        keyring.digest("account", "a", "bc"),
        keyring.digest("account", "abc"),
        keyring.digest("receipt", "ab", "c"),
        keyring.digest("account", "ab", "c", ""),
        other.digest("account", "ab", "c"),
        keyring.digest("account", "half \ud83c a pair"),
    }
    assert len(digests) == 7


def test_a_created_file_is_private_and_can_be_read(tmp_path):
    path = tmp_path / "new" / "master.key"
    create_key_file(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert read_key_file(path) == read_key_file(path)
    assert [file.name for file in path.parent.iterdir()] == ["master.key"]


def test_an_existing_file_is_never_replaced(tmp_path):
    path = tmp_path / "master.key"
    create_key_file(path)
    before = path.read_bytes()
    create_key_file(path)
    assert path.read_bytes() == before


def test_two_creators_end_with_one_key(tmp_path):
    path = tmp_path / "master.key"

    def create(_):
        create_key_file(path)
        return read_key_file(path).key_id

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(create, range(8)))) == 1


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o601, 0o610, 0o644, 0o666])
def test_a_file_open_to_others_is_refused(tmp_path, mode):
    path = tmp_path / "master.key"
    create_key_file(path)
    path.chmod(mode)
    with pytest.raises(KeyFileError, match="chmod 600"):
        read_key_file(path)
    path.chmod(0o400)
    assert read_key_file(path).key_id


def _line(key_id: str, key: bytes) -> bytes:
    return f"handrail-key-1 {key_id} {base64.b64encode(key).decode()}\n".encode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\x00",
        b"handrail-key-1",
        b"handrail-key-2 " + _line(derive(MASTER).key_id, MASTER)[15:],
        _line(derive(MASTER).key_id, MASTER[:31]),
        _line(derive(MASTER).key_id, bytes(32)),
        _line("0" * 16, MASTER),
        b"handrail-key-1 0 !!!notbase64!!!",
    ],
)
def test_a_damaged_file_is_refused_without_quoting_it(tmp_path, content):
    path = tmp_path / "master.key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(KeyFileError, match="damaged") as caught:
        read_key_file(path)
    assert base64.b64encode(MASTER).decode()[:12] not in str(caught.value)


def test_a_missing_file_says_restore(tmp_path):
    with pytest.raises(KeyFileError, match=r"missing.*restore"):
        read_key_file(tmp_path / "none")


def test_a_place_that_cannot_be_written_is_a_key_file_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(KeyFileError, match="cannot create"):
        create_key_file(tmp_path / "file" / "master.key")
    with pytest.raises(KeyFileError, match="cannot read"):
        read_key_file(tmp_path / "file" / "master.key")
