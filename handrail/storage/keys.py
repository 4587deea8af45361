"""The master key file, and what is derived from it.

One file holds 32 random bytes. HKDF-SHA-256 (RFC 5869) derives two keys from them: the KEK, which
wraps every contact's data key, and the lookup key, with which accounts, receipts and tokens are
hashed. The file never enters the database, and the database only remembers the key's id.
"""

import base64
import binascii
import contextlib
import hmac
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from handrail.domain.errors import KeyFileError

KEY_BYTES = 32
_MAGIC = "handrail-key-1"
_OPEN_TO_OTHERS = 0o077


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyring:
    """What the master key gives. Never printed: both keys are left out of `repr`.

    key_id: 16 hexadecimal characters derived from the key; not secret.
    kek, lookup: 32 bytes each.
    """

    key_id: str
    kek: bytes = field(repr=False)
    lookup: bytes = field(repr=False)

    def digest(self, purpose: str, *parts: str) -> str:
        """HMAC-SHA-256 under the lookup key, 64 hexadecimal characters.

        Every part carries its length, so that ("ab", "c") and ("a", "bc") differ. `purpose` keeps
        a token's hash from ever equalling an account's.
        """
        body = b"".join(_framed(part) for part in (purpose, *parts))
        return hmac.digest(self.lookup, body, "sha256").hex()


def _framed(part: str) -> bytes:
    raw = part.encode("utf-8", "surrogatepass")
    return len(raw).to_bytes(8, "big") + raw


def derive(master: bytes) -> Keyring:
    """The keyring of 32 master bytes."""
    return Keyring(
        key_id=_expand(master, b"handrail key id v1", 8).hex(),
        kek=_expand(master, b"handrail kek v1", KEY_BYTES),
        lookup=_expand(master, b"handrail lookup v1", KEY_BYTES),
    )


def _expand(master: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=info).derive(master)


def create_key_file(path: Path) -> None:
    """Write a fresh key file, mode 0600, durable before it gets its name.

    Never replaces a file: when another process was first, its file stays.
    Raises KeyFileError when the directory cannot be written.
    """
    master = secrets.token_bytes(KEY_BYTES)
    line = f"{_MAGIC} {derive(master).key_id} {base64.b64encode(master).decode()}\n"
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}.new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
            # link() fails when the name exists: two first starts end with one key.
            with contextlib.suppress(FileExistsError):
                os.link(draft, path)
        finally:
            draft.unlink(missing_ok=True)
        _sync_directory(path.parent)
    except OSError as error:
        raise KeyFileError(f"cannot create the key file {path}: {error.strerror}") from None


def _sync_directory(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_key_file(path: Path) -> Keyring:
    """The keyring of an existing file.

    Raises KeyFileError when it is missing, open to group or world, or damaged. Its contents never
    appear in the error.
    """
    try:
        handle = os.open(path, os.O_RDONLY)
        with os.fdopen(handle, "rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            raw = file.read(1024)
    except FileNotFoundError:
        raise KeyFileError(f"the key file {path} is missing: restore it from its backup") from None
    except OSError as error:
        raise KeyFileError(f"cannot read the key file {path}: {error.strerror}") from None
    if mode & _OPEN_TO_OTHERS:
        raise KeyFileError(f"the key file {path} is open to others: run chmod 600 on it")
    return _parse(raw, path)


def _parse(raw: bytes, path: Path) -> Keyring:
    damaged = KeyFileError(f"the key file {path} is damaged: restore it from its backup")
    words = raw.decode("ascii", "replace").split()
    if len(words) != 3 or words[0] != _MAGIC:
        raise damaged
    try:
        master = base64.b64decode(words[2], validate=True)
    except (binascii.Error, ValueError):
        raise damaged from None
    if len(master) != KEY_BYTES:
        raise damaged
    keyring = derive(master)
    if not hmac.compare_digest(keyring.key_id.encode(), words[1].encode()):
        raise damaged
    return keyring
