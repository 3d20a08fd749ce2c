"""How the text of a setting is read: what each may be, and what was expected where it is something else.

A check raises ValueError with what was expected, never with the value, which may be a secret.
"""

import base64
import binascii
import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TYPE_CHECKING, Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, SecretStr
from pydantic_settings import NoDecode

from adapters.clamd.address import read_address as read_clamd
from adapters.media.place import read_place

if TYPE_CHECKING:
    from adapters.redis import RedisAddress

ENCRYPTION_KEY_BYTES: Final = 32
URL_SAFE_TO_USUAL: Final = str.maketrans("-_", "+/")
SECRET_KEY_MIN: Final = 16
POSTGRES: Final = ("postgresql", "postgres")
DATABASES: Final = "sqlite:///relative.db, sqlite:////absolute.db or postgresql://user:password@host/name"


def url_of(*schemes: str) -> AfterValidator:
    def check(text: str) -> str:
        parts = urlsplit(text)
        if parts.scheme not in schemes or not parts.hostname or parts.query or parts.fragment or "@" in parts.netloc:
            raise ValueError(f"an address such as {schemes[-1]}://desk.example.com")
        return text.rstrip("/")

    return AfterValidator(check)


def checked_database(text: str) -> str:
    is_file = re.fullmatch(r"sqlite:///[^?#\0]+", text) and not text.endswith("/")
    if not is_file and not is_server(text):
        raise ValueError(DATABASES)
    return text


def is_server(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    host = parts.netloc.rpartition("@")[2]
    return parts.scheme in POSTGRES and bool(host and parts.path.strip("/")) and not parts.fragment


def checked_redis(url: SecretStr | None) -> SecretStr | None:
    if url is not None:
        redis_address_in(url)
    return url


def redis_address_in(url: SecretStr) -> "RedisAddress":
    """Raises ValueError."""
    from adapters.redis import read_address  # who has no Redis need not wait for its library

    return read_address(url.get_secret_value())


def checked_media_store(text: str | None) -> str | None:
    if text is None or re.fullmatch(r"file:///[^?#\0]*[^?#\0/]", text):
        return text
    try:
        read_place(text)
    except ValueError as expected:
        raise ValueError(f"file:///absolute/folder, or {expected}") from None
    return text


def checked_clamd(text: str | None) -> str | None:
    if text is not None:
        read_clamd(text)
    return text


def listed(value: object) -> object:
    """A comma list as it stands in the environment."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def checked_encryption_key(key: SecretStr) -> SecretStr:
    encryption_key_bytes(key)
    return key


def encryption_key_bytes(key: SecretStr) -> bytes:
    """What a sealing key stands for: base64 in either alphabet, since `Fernet.generate_key()` writes the URL-safe one.

    Raises ValueError.
    """
    usual = key.get_secret_value().translate(URL_SAFE_TO_USUAL)
    try:
        raw = base64.b64decode(usual, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != ENCRYPTION_KEY_BYTES:
        raise ValueError(f"base64 of {ENCRYPTION_KEY_BYTES} random bytes each, commas between; newest first")
    return raw


def checked_secret_key(key: SecretStr | None) -> SecretStr | None:
    if key is not None and len(key.get_secret_value()) < SECRET_KEY_MIN:
        raise ValueError(f"at least {SECRET_KEY_MIN} random characters")
    return key


def checked_origin(text: str) -> str:
    if not re.fullmatch(r"https?://[^/?#\s@]+", text):
        raise ValueError("origins such as https://desk.example.com, commas between")
    return text


def checked_network(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return ip_network(value)
    except ValueError:
        raise ValueError("networks such as 10.0.0.0/8 or 127.0.0.1, commas between") from None


Secrets = Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(listed)]
Keys = Annotated[
    tuple[Annotated[SecretStr, AfterValidator(checked_encryption_key)], ...], NoDecode, BeforeValidator(listed)
]
Origins = Annotated[tuple[Annotated[str, AfterValidator(checked_origin)], ...], NoDecode, BeforeValidator(listed)]
Networks = Annotated[
    tuple[Annotated[IPv4Network | IPv6Network, BeforeValidator(checked_network)], ...],
    NoDecode,
    BeforeValidator(listed),
]
