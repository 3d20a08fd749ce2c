"""What Deskline is told by its environment."""

import base64
import os
import stat
from ipaddress import ip_network
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from adapters.clamd.address import ClamdAddress
from adapters.media.place import ObjectPlace
from adapters.whatsapp.onboarding import SignInApp
from api.keys import key_file, keys_of
from api.refusals import WrongSetting
from api.settings import read_settings, unknown_variables

CANARY = "canary-7f3a91"
KEY = base64.b64encode(b"k" * 32).decode()
OTHER_KEY = base64.b64encode(b"o" * 32).decode()


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine on which nothing is set, and a folder of its own."""
    for name in [name for name in os.environ if name.upper().startswith("DESKLINE_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_with_nothing_set_everything_has_a_value() -> None:
    settings = read_settings()

    assert settings.database_url == "sqlite:///deskline.db"
    assert settings.graph_api_url == "https://graph.facebook.com"
    assert settings.graph_api_version == "v26.0"
    assert settings.app_secrets == ()
    assert settings.introspection is False


def test_proxies_are_named_by_their_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_settings().trusted_proxies == ()

    monkeypatch.setenv("DESKLINE_TRUSTED_PROXIES", "10.0.0.0/8, 127.0.0.1,2001:db8::/32")
    networks = [ip_network(text) for text in ("10.0.0.0/8", "127.0.0.1/32", "2001:db8::/32")]
    assert list(read_settings().trusted_proxies) == networks


@pytest.mark.parametrize("value", ["nginx", "10.0.0.1/8", "10.0.0.0/33", "*"])
def test_a_network_that_is_none_stops_the_start(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESKLINE_TRUSTED_PROXIES", value)

    with pytest.raises(WrongSetting, match=r"DESKLINE_TRUSTED_PROXIES: expected networks such as 10\.0\.0\.0/8"):
        read_settings()


def test_files_lie_beside_the_database_or_where_they_are_told_to(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_settings().media_folder == Path("deskline.db.media")

    monkeypatch.setenv("DESKLINE_MEDIA_STORE", "file:///srv/desk%20files")
    assert read_settings().media_folder == Path("/srv/desk files")


def test_files_may_lie_in_an_object_store(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_settings().media_objects is None

    monkeypatch.setenv("DESKLINE_MEDIA_STORE", "s3://desk-files/a?region=eu-west-1&endpoint=https://objects.example")
    place = ObjectPlace("desk-files", "a", "eu-west-1", "https://objects.example")
    assert read_settings().media_objects == place


@pytest.mark.parametrize(
    "value", ["relative", "file://host/files", "file:///", "file:///a?b", "s3://UPPER", "s3://a-b?c"]
)
def test_a_place_for_files_that_is_none_stops_the_start(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESKLINE_MEDIA_STORE", value)

    with pytest.raises(WrongSetting, match="DESKLINE_MEDIA_STORE: expected file:///absolute/folder"):
        read_settings()


def test_a_virus_scanner_has_a_socket_or_a_host_with_a_port(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_settings().scanner_address is None

    monkeypatch.setenv("DESKLINE_CLAMD", "clamav:3310")
    assert read_settings().scanner_address == ClamdAddress(host="clamav", port=3310)

    monkeypatch.setenv("DESKLINE_CLAMD", "clamav")
    with pytest.raises(WrongSetting, match=r"DESKLINE_CLAMD: expected /run/clamav/clamd\.ctl or host:3310"):
        read_settings()


def test_people_sign_in_where_the_network_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_settings().sign_in_app is None
    monkeypatch.setenv("DESKLINE_APP_ID", "300")
    monkeypatch.setenv("DESKLINE_APP_SECRETS", "one,two")
    assert read_settings().sign_in_app == SignInApp("300", ("one", "two"), None, None, "https://www.facebook.com")

    monkeypatch.setenv("DESKLINE_SIGNUP_CONFIG_ID", "77")
    monkeypatch.setenv("DESKLINE_PUBLIC_URL", "https://desk.example/")
    monkeypatch.setenv("DESKLINE_GRAPH_API_URL", "http://127.0.0.1:8001")
    app = read_settings().sign_in_app

    assert app is not None
    assert (app.config_id, app.returns_to) == ("77", "https://desk.example/connect/whatsapp")
    assert app.dialog == "http://127.0.0.1:8001"

    monkeypatch.setenv("DESKLINE_APP_ID", "my app")
    with pytest.raises(WrongSetting, match="DESKLINE_APP_ID"):
        read_settings()


def test_lists_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESKLINE_APP_SECRETS", "one, two,")
    monkeypatch.setenv("DESKLINE_ALLOWED_ORIGINS", "https://a.example,https://b.example")

    settings = read_settings()

    assert [secret.get_secret_value() for secret in settings.app_secrets] == ["one", "two"]
    assert settings.allowed_origins == ("https://a.example", "https://b.example")


def test_a_variable_set_to_nothing_is_as_good_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REDIS_URL", "SECRET_KEY", "APP_SECRETS", "VERIFY_TOKEN", "ENCRYPTION_KEYS", "PUBLIC_URL"):
        monkeypatch.setenv(f"DESKLINE_{name}", "")

    settings = read_settings()

    assert (settings.redis_url, settings.secret_key, settings.verify_token, settings.public_url) == (None,) * 4


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("DATABASE_URL", f"mysql://{CANARY}@host/db", "sqlite:////absolute.db or postgresql://user:password"),
        ("DATABASE_URL", f"postgresql://user:{CANARY}@host", "postgresql://user:password@host/name"),
        ("DATABASE_URL", "sqlite:///", "sqlite:///relative.db"),
        ("REDIS_URL", f"https://:{CANARY}@host", "redis://:password@host:6379/0"),
        ("REDIS_URL", f"redis://:{CANARY}@host:70000", "ports from 1 to 65535"),
        ("SECRET_KEY", "canary-7f3a91"[:10], "at least 16 random characters"),
        ("PUBLIC_URL", f"desk.example/{CANARY}", "https://desk.example.com"),
        ("GRAPH_API_URL", f"ftp://{CANARY}", "https://desk.example.com"),
        ("GRAPH_API_URL", f"https://user:{CANARY}@host", "https://desk.example.com"),
        ("GRAPH_API_VERSION", f"26-{CANARY}", "a version such as v26.0"),
        ("ENCRYPTION_KEYS", f"{KEY},{CANARY}", "base64 of 32 random bytes each"),
        ("ALLOWED_ORIGINS", f"https://a.example/{CANARY}", "origins such as"),
        ("LOG_FORMAT", CANARY, "json or console"),
        ("INTROSPECTION", CANARY, "true or false"),
        ("MAX_DELIVERIES_IN_FLIGHT", CANARY, "a whole number from 1"),
        ("MAX_DELIVERIES_IN_FLIGHT", "0", "a whole number from 1"),
    ],
)
def test_a_wrong_value_is_one_line_with_the_name_and_what_was_expected(
    name: str, value: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"DESKLINE_{name}", value)

    with pytest.raises(WrongSetting) as refused:
        read_settings()

    line = str(refused.value)
    assert line.startswith(f"DESKLINE_{name}: expected ")
    assert expected in line
    assert "\n" not in line
    assert "canary" not in line


def test_secrets_are_not_shown_where_settings_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESKLINE_SECRET_KEY", CANARY * 3)
    monkeypatch.setenv("DESKLINE_APP_SECRETS", CANARY)
    monkeypatch.setenv("DESKLINE_VERIFY_TOKEN", CANARY)
    monkeypatch.setenv("DESKLINE_ENCRYPTION_KEYS", KEY)
    monkeypatch.setenv("DESKLINE_DATABASE_URL", f"postgresql://desk:{CANARY}@db.example/desk?password={CANARY}")
    monkeypatch.setenv("DESKLINE_REDIS_URL", f"redis://:{CANARY}@redis.example")

    settings = read_settings()

    assert settings.database_shown == "postgresql://desk:•••@db.example/desk"
    assert {CANARY, CANARY * 3, KEY} <= set(settings.secrets)
    assert CANARY not in repr(settings) + str(settings)
    assert KEY not in repr(settings) + str(settings)
    assert CANARY not in repr(keys_of(settings))


def test_a_misspelt_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESKLINE_APP_SECRET", "x")
    monkeypatch.setenv("DESKLINE_ZZZ", "x")
    monkeypatch.setenv("DESKLINE_TEST_DATABASE_URL", "of the tests, and nobody's mistake")

    assert unknown_variables() == {"DESKLINE_APP_SECRET": "DESKLINE_APP_SECRETS", "DESKLINE_ZZZ": None}


# The secret everything is signed with


def test_an_unset_secret_key_is_made_once_and_kept_beside_the_database_for_its_owner_alone(tmp_path: Path) -> None:
    settings = read_settings()

    first, again = keys_of(settings), keys_of(settings)

    kept = tmp_path / "deskline.db.key"
    assert settings.database_file is not None
    assert key_file(settings.database_file).resolve() == kept
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert (first.cursors, first.encryption) == (again.cursors, again.encryption)
    assert [path.name for path in tmp_path.iterdir()] == ["deskline.db.key"]


def test_two_databases_have_two_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    one = keys_of(read_settings())
    monkeypatch.setenv("DESKLINE_DATABASE_URL", "sqlite:///other.db")

    assert keys_of(read_settings()).cursors != one.cursors


def test_a_secret_key_that_is_set_leaves_no_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DESKLINE_SECRET_KEY", "s" * 40)

    keys = keys_of(read_settings())

    assert len({keys.cursors, keys.fingerprints, *keys.encryption}) == 3
    assert list(tmp_path.iterdir()) == []


def test_postgresql_wants_a_secret_key_that_is_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DESKLINE_DATABASE_URL", f"postgresql://desk:{CANARY}@db.example/desk")

    with pytest.raises(WrongSetting, match="DESKLINE_SECRET_KEY: expected at least 16 random characters"):
        keys_of(read_settings())

    monkeypatch.setenv("DESKLINE_SECRET_KEY", "s" * 40)
    assert keys_of(read_settings()).cursors
    assert list(tmp_path.iterdir()) == []


def test_encryption_keys_that_are_set_are_used_newest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESKLINE_ENCRYPTION_KEYS", f"{KEY},{OTHER_KEY}")

    assert keys_of(read_settings()).encryption == (b"k" * 32, b"o" * 32)


def test_encryption_keys_are_taken_in_either_alphabet_of_base64(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = b"\xfb\xff" * 16  # a key that the two alphabets write differently
    usual, url_safe = base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()
    monkeypatch.setenv("DESKLINE_ENCRYPTION_KEYS", f"{usual},{url_safe}")

    assert usual != url_safe
    assert keys_of(read_settings()).encryption == (raw, raw)


def test_what_fernet_makes_is_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESKLINE_ENCRYPTION_KEYS", Fernet.generate_key().decode())

    assert len(keys_of(read_settings()).encryption[0]) == 32


def test_a_folder_that_is_not_there_is_named_at_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESKLINE_DATABASE_URL", "sqlite:///nowhere/deskline.db")

    with pytest.raises(WrongSetting, match="DESKLINE_DATABASE_URL: expected a file in a folder"):
        keys_of(read_settings())


def test_a_key_file_that_lost_its_content_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "deskline.db.key").touch()

    with pytest.raises(WrongSetting, match="DESKLINE_SECRET_KEY"):
        keys_of(read_settings())
