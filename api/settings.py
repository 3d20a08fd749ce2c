"""What Deskline is told by its environment, and the only place that reads it. Every variable begins with `DESKLINE_`.

A wrong value is a `WrongSetting` of one line: the variable and what was expected, never the value, which may be a
secret. Secrets are kept as `SecretStr`, so that no log and no traceback shows them.
"""

import os
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal, cast
from urllib.parse import parse_qsl, unquote, urlsplit, urlunsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from adapters.clamd.address import EXAMPLE as CLAMD_EXAMPLE
from adapters.clamd.address import ClamdAddress
from adapters.clamd.address import read_address as read_clamd
from adapters.media.place import ObjectPlace, read_place
from adapters.whatsapp.onboarding import SIGN_IN_HOST, SignInApp
from api.http.guard.bodies import LEAST_RATE, LeastRate
from api.http.guard.bounds import RequestBounds
from api.refusals import WrongSetting
from api.setting_values import (
    DATABASES,
    Keys,
    Networks,
    Origins,
    Secrets,
    checked_clamd,
    checked_database,
    checked_media_store,
    checked_redis,
    checked_secret_key,
    is_server,
    redis_address_in,
    url_of,
)
from domain.use_cases.moderation.retention import EVENTS_KEPT, EVENTS_KEPT_AT_LEAST

if TYPE_CHECKING:
    from adapters.redis import RedisAddress

PREFIX: Final = "DESKLINE_"
MASK: Final = "•••"


class Settings(BaseSettings):
    """One field a variable; descriptions are what `deskline doctor` and the README show."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="ignore", hide_input_in_errors=True
    )

    database_url: Annotated[str, AfterValidator(checked_database)] = Field(
        default="sqlite:///deskline.db",
        description=f"where the data is: {DATABASES}",
        repr=False,  # it may hold a password; `database_shown` does not
    )
    redis_url: Annotated[SecretStr | None, AfterValidator(checked_redis)] = Field(
        default=None,
        description="a Redis, Sentinels or a Cluster that several processes share; unset: hints stay in the process",
    )
    secret_key: Annotated[SecretStr | None, AfterValidator(checked_secret_key)] = Field(
        default=None,
        description="signs cursors; unset: made and kept beside the SQLite file; PostgreSQL needs it set",
    )
    public_url: Annotated[str, url_of("http", "https")] | None = Field(
        default=None, description="where people and Meta reach this server"
    )
    graph_api_url: Annotated[str, url_of("http", "https")] = Field(
        default="https://graph.facebook.com", description="the WhatsApp Cloud API, or a simulator of it"
    )
    graph_api_version: Annotated[str, Field(pattern=r"^v\d{1,3}\.\d{1,2}$")] = Field(
        default="v26.0", description="the Cloud API's version, such as v26.0"
    )
    app_secrets: Secrets = Field(
        default=(), description="secrets of your Meta apps, commas between; they sign the webhooks"
    )
    app_id: Annotated[str, Field(pattern=r"^[0-9]{1,32}$")] | None = Field(
        default=None, description="your Meta app's id: people sign in at Meta with it, and tokens of others are refused"
    )
    signup_config_id: Annotated[str, Field(pattern=r"^[0-9]{1,32}$")] | None = Field(
        default=None, description="the configuration of your app's Embedded Signup; with APP_ID and PUBLIC_URL"
    )
    verify_token: SecretStr | None = Field(default=None, description="the word Meta repeats when the webhook is set up")
    encryption_keys: Keys = Field(
        default=(),
        description="base64 of 32 bytes each, newest first; seal tokens at rest; unset: made from the secret key",
    )
    allowed_origins: Origins = Field(default=(), description="origins of other web pages that may use the API")
    trusted_proxies: Networks = Field(
        default=(), description="networks of the proxies in front, whose Forwarded and X-Forwarded headers are believed"
    )
    media_store: Annotated[str | None, AfterValidator(checked_media_store)] = Field(
        default=None,
        description="where files are kept: file:///absolute/folder or s3://bucket/prefix?region=…&endpoint=…; unset:"
        " beside the SQLite file",
    )
    clamd: Annotated[str | None, AfterValidator(checked_clamd)] = Field(
        default=None,
        description=f"ClamAV's scanner, which looks into files before they are shown or sent: {CLAMD_EXAMPLE}",
    )
    events_kept_days: Annotated[int, Field(ge=EVENTS_KEPT_AT_LEAST.days, le=3650)] = Field(
        default=EVENTS_KEPT.days,
        description="how long the event log reaches back; cursors from before that are CURSOR_EXPIRED",
    )
    log_format: Literal["json", "console"] = Field(default="json", description="json or console")
    log_level: Literal["debug", "info", "warning"] = Field(
        default="info", description="debug (each message's way, by the id of its request or delivery), info or warning"
    )
    introspection: bool = Field(default=False, description="whether the API describes itself to anybody signed in")
    max_deliveries_in_flight: Annotated[int, Field(ge=1, le=100_000)] = Field(
        default=256, description="webhook posts handled at a time; beyond it they are told to come again"
    )
    max_deliveries_per_address: Annotated[int, Field(ge=1, le=100_000)] = Field(
        default=128, description="of those, posts from one address that no app's secret speaks for, or not yet"
    )
    queries_in_flight: Annotated[int, Field(ge=1, le=100_000)] = Field(
        default=2_000, description="queries and mutations of everybody at a time, in one process; more are THROTTLED"
    )
    queries_of_organization: Annotated[int, Field(ge=1, le=100_000)] = Field(
        default=400, description="the same for each organization"
    )
    queries_of_caller: Annotated[int, Field(ge=1, le=100_000)] = Field(
        default=100, description="the same for each user and each API key"
    )
    max_header_bytes: Annotated[int, Field(ge=8_192, le=1_048_576)] = Field(
        default=65_536, description="bytes of a request's first line and headers"
    )
    max_header_seconds: Annotated[int, Field(ge=1, le=300)] = Field(
        default=10, description="time for a request's headers to come"
    )
    min_body_bytes_per_second: Annotated[int, Field(ge=1, le=1_048_576)] = Field(
        default=2_048, description="how fast a body has to come, but for ten seconds of pauses"
    )
    max_unfinished_requests: Annotated[int, Field(ge=1, le=100_000)] = Field(
        default=2_000, description="requests whose headers or body are still coming; the oldest makes room"
    )
    max_unfinished_requests_per_address: Annotated[int, Field(ge=1, le=100_000)] = Field(
        default=500, description="of those, from one address"
    )
    max_uploads: Annotated[int, Field(ge=1, le=10_000)] = Field(
        default=16, description="files that people upload at a time, in one process"
    )
    max_uploads_of_organization: Annotated[int, Field(ge=1, le=10_000)] = Field(
        default=8, description="the same for each organization"
    )
    max_uploads_of_caller: Annotated[int, Field(ge=1, le=10_000)] = Field(
        default=4, description="the same for each user and each API key"
    )
    max_listeners: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        default=25_000, description="sockets and event streams open at a time, in one process"
    )
    max_listeners_of_organization: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        default=12_000, description="the same for each organization"
    )
    max_listeners_of_key: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        default=10_000, description="the same for each API key"
    )
    max_listeners_of_user: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        default=20, description="the same for each user"
    )

    @property
    def request_bounds(self) -> RequestBounds:
        """What holds for every request, whoever it is of."""
        return RequestBounds(
            head_bytes=self.max_header_bytes,
            head_s=self.max_header_seconds,
            unfinished=self.max_unfinished_requests,
            unfinished_per_address=self.max_unfinished_requests_per_address,
            body_pace=LeastRate(self.min_body_bytes_per_second, LEAST_RATE.patience_s),
        )

    @property
    def sign_in_app(self) -> SignInApp | None:
        """Our app at Meta, where it is set. People sign in where the API is: at Meta, or at a simulator."""
        if self.app_id is None:
            return None
        return SignInApp(
            self.app_id,
            tuple(secret.get_secret_value() for secret in self.app_secrets),
            self.signup_config_id,
            f"{self.public_url.rstrip('/')}/connect/whatsapp" if self.public_url is not None else None,
            SIGN_IN_HOST if not self.differs("graph_api_url") else self.graph_api_url,
        )

    @property
    def events_kept(self) -> timedelta:
        return timedelta(days=self.events_kept_days)

    @property
    def database_file(self) -> Path | None:
        """Where it is SQLite's. Relative ones lie in the working directory."""
        if is_server(self.database_url):
            return None
        return Path(unquote(self.database_url.removeprefix("sqlite:///")))

    @property
    def scanner_address(self) -> ClamdAddress | None:
        return None if self.clamd is None else read_clamd(self.clamd)

    @property
    def media_objects(self) -> ObjectPlace | None:
        """Where files lie, if that is an object store."""
        if self.media_store is None or not self.media_store.startswith("s3:"):
            return None
        return read_place(self.media_store)

    @property
    def media_folder(self) -> Path:
        """Where files lie, if that is a folder; processes that share a database share it as well."""
        if self.media_store is not None:
            return Path(unquote(self.media_store.removeprefix("file://")))
        if self.database_file is None:
            return Path("deskline.media").absolute()
        return self.database_file.with_name(self.database_file.name + ".media")

    def differs(self, name: str) -> bool:
        """Whether a field was set to something else than its default."""
        return getattr(self, name) != Settings.model_fields[name].default

    def shown(self, name: str) -> str:
        """A field's value for people to read, without what is secret in it."""
        return shown(self.database_shown if name == "database_url" else getattr(self, name))

    @property
    def database_shown(self) -> str:
        """Its address without a password."""
        if self.database_file is not None:
            return self.database_url
        parts = urlsplit(self.database_url)
        user, at, host = parts.netloc.rpartition("@")
        name, colon, _ = user.partition(":")
        return urlunsplit(parts._replace(netloc=f"{name}{colon and ':•••'}{at}{host}", query=""))

    @property
    def redis_address(self) -> "RedisAddress | None":
        return None if self.redis_url is None else redis_address_in(self.redis_url)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no log may show."""
        alone = (self.secret_key, self.verify_token, self.redis_url)
        kept = [secret.get_secret_value() for secret in alone if secret is not None]
        kept += [secret.get_secret_value() for secret in (*self.app_secrets, *self.encryption_keys)]
        if self.database_file is None:
            kept += _passwords_in(self.database_url)
        if self.redis_url is not None:
            address = redis_address_in(self.redis_url)
            kept += [each for each in (address.password, address.sentinel_password) if each is not None]
        return tuple(kept)


def variable_of(name: str) -> str:
    """The environment's name for a field."""
    return PREFIX + name.upper()


def shown(value: object) -> str:
    match value:
        case None | ():
            return "unset"
        case SecretStr():
            return MASK
        case tuple():
            return ", ".join(shown(part) for part in cast("tuple[object, ...]", value))
        case bool():
            return str(value).lower()
        case _:
            return str(value)


def _passwords_in(url: str) -> list[str]:
    """As it is written there, and as it is meant."""
    parts = urlsplit(url)
    _, _, written = parts.netloc.rpartition("@")[0].partition(":")
    return [each for each in (written, unquote(written), *dict(parse_qsl(parts.query)).values()) if each]


EXPECTED: Final = {
    "graph_api_version": "a version such as v26.0",
    "events_kept_days": f"a whole number of days, from {EVENTS_KEPT_AT_LEAST.days} to 3650",
    "log_format": "json or console",
    "log_level": "debug, info or warning",
    "introspection": "true or false",
}


def read_settings() -> Settings:
    """The environment's settings. Raises WrongSetting."""
    try:
        return Settings()
    except ValidationError as error:
        raise WrongSetting(_line(error)) from None


def unknown_variables() -> dict[str, str | None]:
    """`DESKLINE_…` variables that nothing here reads, most likely misspelt, each with the one that may be meant."""
    known = {name.upper(): variable_of(name) for name in Settings.model_fields}
    ours = {name: name.upper().removeprefix(PREFIX) for name in sorted(os.environ) if name.upper().startswith(PREFIX)}
    unknown = {name: word for name, word in ours.items() if word not in known and not word.startswith("TEST_")}
    meant = {name: next(iter(get_close_matches(word, known, 1)), None) for name, word in unknown.items()}
    return {name: known[word] if word is not None else None for name, word in meant.items()}


def _line(error: ValidationError) -> str:
    fault = error.errors(include_input=False, include_url=False)[0]
    field = str(fault["loc"][0]) if fault["loc"] else ""
    cause = fault.get("ctx", {}).get("error")
    expected = EXPECTED.get(field) or _range(field) or (str(cause) if cause is not None else fault["msg"])
    return f"{variable_of(field)}: expected {expected}"


def _range(field: str) -> str | None:
    """What a number may be, where the field is one between two others."""
    rules = Settings.model_fields[field].metadata if field in Settings.model_fields else []
    least = next((rule.ge for rule in rules if hasattr(rule, "ge")), None)
    most = next((rule.le for rule in rules if hasattr(rule, "le")), None)
    return None if least is None or most is None else f"a whole number from {least} to {most}"
