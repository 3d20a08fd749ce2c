"""The keys that sign and seal, made from the settings.

Everything comes from one secret: the setting's, or with SQLite one made at the first start and kept beside the file,
for its owner's eyes only. From it HKDF (RFC 5869) makes a key for each purpose, so that none tells anything of another.
"""

import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from adapters.private import OWNER_ONLY_FILE, narrow
from api.refusals import WrongSetting
from api.setting_values import SECRET_KEY_MIN, encryption_key_bytes
from api.settings import PREFIX, Settings

KEY_BYTES: Final = 32
MADE_BYTES: Final = 48
NEEDED: Final = (
    f"{PREFIX}SECRET_KEY: expected at least {SECRET_KEY_MIN} random characters, the same for every process: "
    "beside PostgreSQL there is no file to keep one in"
)


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    cursors: bytes
    fingerprints: bytes
    encryption: tuple[bytes, ...]  # newest first


def keys_of(settings: Settings) -> Keys:
    """Makes and keeps the secret where there is none yet. Raises WrongSetting where it can't be kept."""
    if settings.database_file is not None:
        narrow([key_file(settings.database_file)])
    secret = settings.secret_key.get_secret_value() if settings.secret_key else _own_secret(settings.database_file)
    given = tuple(encryption_key_bytes(key) for key in settings.encryption_keys)
    return Keys(
        cursors=_derived(secret, "cursors"),
        fingerprints=_derived(secret, "fingerprints"),
        encryption=given or (_derived(secret, "encryption"),),
    )


def key_file(database: Path) -> Path:
    return database.with_name(database.name + ".key")


def _own_secret(database: Path | None) -> str:
    if database is None:
        raise WrongSetting(NEEDED)
    return _kept_secret(database)


def _kept_secret(database: Path) -> str:
    path = key_file(database)
    try:
        return _read(path) or _made(path)
    except OSError as error:
        raise WrongSetting(
            f"DESKLINE_DATABASE_URL: expected a file in a folder that can be written; {path.name}: {error.strerror}"
        ) from None


def _read(path: Path) -> str | None:
    try:
        secret = path.read_text("ascii", errors="replace").strip()
    except FileNotFoundError:
        return None
    if not secret:
        raise WrongSetting(f"DESKLINE_SECRET_KEY: expected a secret in {path.name}, which is empty; put it back")
    return secret


def _made(path: Path) -> str:
    """Written whole under another name first: of two processes that start at once, both go on with one secret."""
    draft = path.with_name(f"{path.name}.{os.getpid()}-{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY_FILE)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(MADE_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # somebody was faster; theirs it is
            os.link(draft, path)
    finally:
        draft.unlink()
    return path.read_text("ascii").strip()


def _derived(secret: str, purpose: str) -> bytes:
    """From a secret with enough chance in it, so no slow hash and no salt."""
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=f"deskline {purpose}".encode()).derive(secret.encode())
