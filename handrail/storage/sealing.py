"""Field encryption: AES-256-GCM under a data key of one contact.

A sealed value is: one version byte, 12 random nonce bytes, ciphertext with its 16-byte tag. The
additional data binds it to contact, table.column and row, so that a value copied to another place
does not open. Destroying the data key makes every value of the contact unreadable for good.
"""

import re
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from handrail.domain.errors import StorageError

_VERSION = b"\x01"
_NONCE_BYTES = 12
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def new_data_key() -> bytes:
    """32 random bytes."""
    return AESGCM.generate_key(bit_length=256)


def seal(key: bytes, place: str, text: str) -> bytes:
    """Encrypt any text. `place` says where it belongs: contact, table.column, row.

    Half a surrogate pair, which some platforms deliver, becomes U+FFFD: such a message must not
    be the one that cannot be stored, and positions in the text stay what they were.
    """
    return _encrypt(key, place, _LONE_SURROGATE.sub("\ufffd", text).encode())


def unseal(key: bytes, place: str, sealed: bytes) -> str:
    """The text again. Raises StorageError when key, place or bytes do not fit."""
    return _decrypt(key, place, sealed).decode()


def wrap(kek: bytes, contact_id: str, data_key: bytes) -> bytes:
    """A contact's data key as the database keeps it."""
    return _encrypt(kek, f"{contact_id}|contact_key.wrapped", data_key)


def unwrap(kek: bytes, contact_id: str, wrapped: bytes) -> bytes:
    """Raises StorageError when the KEK is another one."""
    return _decrypt(kek, f"{contact_id}|contact_key.wrapped", wrapped)


def _encrypt(key: bytes, place: str, plain: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return _VERSION + nonce + AESGCM(key).encrypt(nonce, plain, _VERSION + place.encode())


def _decrypt(key: bytes, place: str, sealed: bytes) -> bytes:
    start = len(_VERSION) + _NONCE_BYTES
    if sealed[:1] != _VERSION or len(sealed) < start:
        raise StorageError("a sealed value has an unknown format")
    try:
        return AESGCM(key).decrypt(sealed[1:start], sealed[start:], _VERSION + place.encode())
    except InvalidTag:
        raise StorageError("a sealed value does not open: wrong key or altered data") from None
