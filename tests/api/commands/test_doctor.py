"""`deskline doctor`: what it sees, and what it never shows."""

from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from adapters.db.sqlite.file import LOCKS
from api.keys import key_file
from api.operating.examination import Report, examine
from api.refusals import WrongSetting
from api.settings import Settings
from api.wiring import wired
from domain.channels.channels import Problem, ProblemCode
from domain.ids import DeliveryId, PhoneNumberId
from domain.ports.deliveries import Delivery, DeliveryState
from tests.api.memory_desk import BusinessNumber, connect
from tests.builders import ACME, NOON
from tests.peers.clamd import clamd
from tests.peers.foreign_reader import foreign_reader
from tests.peers.object_server import BUCKET, KEY, SECRET, object_server

LINE = BusinessNumber("111", "901", secret="line-secret")
CANARY = "canary-7f3a91-canary-7f3a91"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(database_url=f"sqlite:///{tmp_path / 'desk.db'}", graph_api_url="http://127.0.0.1:9")


def said(report: Report, mark: str) -> list[str]:
    return [line for line in report.lines if line.startswith(mark)]


async def test_every_setting_is_listed_with_its_default(settings: Settings) -> None:
    lines = (await examine(settings)).lines

    for name in Settings.model_fields:
        assert any(line.startswith(f"DESKLINE_{name.upper()} = ") for line in lines), name
    assert any("http://127.0.0.1:9  (set; default https://graph.facebook.com)" in line for line in lines)


async def test_secrets_are_masked(tmp_path: Path) -> None:
    settings = Settings(
        database_url=f"sqlite:///{tmp_path / 'desk.db'}",
        secret_key=SecretStr(CANARY),
        verify_token=SecretStr(CANARY),
        app_secrets=(SecretStr(CANARY), SecretStr(CANARY)),
    )

    report = await examine(settings)

    assert CANARY not in "\n".join(report.lines)
    assert any(line.startswith("DESKLINE_APP_SECRETS = •••, •••") for line in report.lines)


async def test_a_proxy_that_is_not_named_is_told_of(settings: Settings) -> None:
    behind = settings.model_copy(update={"public_url": "https://127.0.0.1:9"})
    named = behind.model_copy(update={"trusted_proxies": (ip_network("127.0.0.0/8"),)})

    assert "DESKLINE_TRUSTED_PROXIES does not name it" in "".join(said(await examine(behind), "note   proxies:"))
    assert said(await examine(named), "note   proxies:") == []
    assert said(await examine(settings), "note   proxies:") == []


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        (httpx.Response(101), "ok     public address: https://desk.example leads here, sockets too"),
        (httpx.Response(502), "note   public address: https://desk.example answers 502; is deskline serve running?"),
        (httpx.Response(426, text="has to bring upgrade"), "was answered 426, not 101: has to bring upgrade"),
        (httpx.Response(403, text="This origin may not connect."), "was answered 403, not 101: This origin may not"),
        (httpx.Response(404, text="x" * 10_000), "was answered 404, not 101: xxx"),
        (httpx.Response(404), "was answered 404, not 101: without a word"),
    ],
)
async def test_the_public_address_is_tried_as_the_page_would(
    settings: Settings, answer: httpx.Response, line: str
) -> None:
    asked: list[httpx.Request] = []

    def proxy(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return answer

    behind = settings.model_copy(update={"public_url": "https://desk.example"})
    report = await examine(behind, httpx.MockTransport(proxy))

    (told,) = [each for each in report.lines if "public address:" in each]
    assert line in told
    assert len(told) < 600
    assert (str(asked[0].url), asked[0].headers["origin"]) == ("https://desk.example/graphql", "https://desk.example")


async def test_a_public_address_out_of_reach_is_a_note(settings: Settings) -> None:
    def nobody(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route")

    behind = settings.model_copy(update={"public_url": "https://desk.example"})
    report = await examine(behind, httpx.MockTransport(nobody))

    assert any(line.startswith("note   public address:") and line.endswith("no route") for line in report.lines)


async def test_looking_makes_nothing(settings: Settings) -> None:
    await examine(settings)

    assert settings.database_file is not None
    assert not settings.database_file.exists()
    assert not key_file(settings.database_file).exists()


async def test_a_write_ahead_log_that_somebody_keeps_long_is_told_with_whose_doing_it_is(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with wired(settings) as desk:
        await desk.ports.webhook_inbox.append(Delivery(DeliveryId("1"), NOON, b"x" * 2_000_000))
        with foreign_reader(tmp_path / "desk.db") as process:
            short = await examine(settings)
            monkeypatch.setattr("api.operating.examination.LONG_BYTES", 1_000_000)
            long = await examine(settings)

    assert any(line.startswith("ok     database: its write-ahead log has ") for line in short.lines)
    (told,) = [line for line in said(long, "WRONG") if "write-ahead" in line]
    assert f"process {process} reads from an older state" in told or not LOCKS.exists()


async def test_a_full_disk_is_told(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    async with wired(settings):
        pass
    monkeypatch.setattr("adapters.room.LEAST_BYTES", 1 << 62)

    told = said(await examine(settings), "WRONG")

    assert any("database: the disk of" in line for line in told)
    assert any("files: the disk of" in line for line in told)


async def test_a_misspelt_variable_is_pointed_at(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESKLINE_APP_SECRET", "x")

    assert any("DESKLINE_APP_SECRET is set, and nothing reads it" in line for line in (await examine(settings)).lines)


async def test_deliveries_that_failed_are_wrong_and_name_the_cure(settings: Settings) -> None:
    async with wired(settings) as desk:
        failed = Delivery(DeliveryId(desk.ports.ids.new()), NOON, b"x", DeliveryState.FAILED, "not JSON")
        await desk.ports.webhook_inbox.append(failed)

    report = await examine(settings)

    assert report.faults >= 1
    assert any(
        "1 deliveries could not be interpreted; after a fix run deskline replay" in line for line in report.lines
    )


async def test_numbers_that_nobody_here_has_are_told_with_how_much_came_for_them(settings: Settings) -> None:
    async with wired(settings) as desk:
        await connect(desk.ports, LINE)
        now = desk.ports.clock.now()
        named = [("999", now), ("999", now), ("111", now), ("888", now - timedelta(days=8))]
        for number, at in named:
            id = DeliveryId(desk.ports.ids.new())
            ignored = Delivery(id, at, b"{}", DeliveryState.IGNORED, "nobody's", (PhoneNumberId(number),))
            await desk.ports.webhook_inbox.append(ignored)

    told = [line for line in (await examine(settings)).lines if "not connected" in line]

    assert len(told) == 1
    assert told[0].startswith("WRONG  webhooks: 2 deliveries of the last week are for the number id 999")


async def test_a_network_that_cannot_be_asked_is_wrong(settings: Settings) -> None:
    async with wired(settings) as desk:
        await connect(desk.ports, LINE)

    report = await examine(settings)

    assert any("the network can't be asked about its token" in line for line in said(report, "WRONG"))


async def test_a_token_that_no_key_opens_is_wrong(settings: Settings) -> None:
    async with wired(settings) as desk:
        channel = await connect(desk.ports, LINE)
        async with desk.ports.store.transaction(channel.organization) as tx:
            tx.save(replace(channel, access_token="sealed by a key that was removed"))

    report = await examine(settings)

    assert any("no key opens its token; put the encryption key back" in line for line in said(report, "WRONG"))


async def test_a_channels_problems_are_told(settings: Settings) -> None:
    problem = Problem(ProblemCode.UNKNOWN_NUMBER_TRAFFIC, "Messages come for 999.", "Connect that number.", NOON)
    async with wired(settings) as desk:
        channel = await connect(desk.ports, LINE)
        async with desk.ports.store.transaction(ACME) as tx:
            tx.save(replace(channel, problems=(problem,), webhook_subscribed=False))

    wrong = said(await examine(settings), "WRONG")

    assert any("Messages come for 999. Connect that number." in line for line in wrong)
    assert any("its webhooks are not subscribed" in line for line in wrong)


async def test_a_channel_without_any_secret_is_wrong(settings: Settings) -> None:
    async with wired(settings) as desk:
        await connect(desk.ports, replace(LINE, secret=None))

    assert any("set DESKLINE_APP_SECRETS" in line for line in said(await examine(settings), "WRONG"))


async def test_an_object_store_that_is_away_is_wrong_and_the_rest_is_looked_at(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    async with wired(settings):
        pass
    place = "s3://desk-files?endpoint=http://127.0.0.1:9"

    report = await examine(settings.model_copy(update={"media_store": place}))

    assert any("DESKLINE_MEDIA_STORE: the object store for desk-files" in line for line in said(report, "WRONG"))
    assert any("organizations: none yet" in line for line in said(report, "note"))


async def test_an_object_store_without_our_bucket_stops_the_start_and_is_told_by_the_doctor(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    async with object_server() as objects:
        told = settings.model_copy(update={"media_store": f"s3://missing?endpoint={objects.url}"})
        with pytest.raises(WrongSetting, match="DESKLINE_MEDIA_STORE: there is no bucket missing"):
            async with wired(told):
                pass
        there = settings.model_copy(update={"media_store": f"s3://{BUCKET}/desk?endpoint={objects.url}"})
        async with wired(there):
            pass

        assert any(
            "files: the object store answers for desk-files/desk" in line for line in (await examine(there)).lines
        )


async def test_a_virus_scanner_is_looked_at(settings: Settings) -> None:
    assert "note   virus scanner: none" in (await examine(settings)).lines
    async with clamd() as scanning:
        there = settings.model_copy(update={"clamd": scanning.address})
        assert any("virus scanner: ClamAV 1.4.1/27000 answers" in line for line in said(await examine(there), "ok"))

    wrong = said(await examine(settings.model_copy(update={"clamd": "127.0.0.1:9"})), "WRONG")
    assert any("DESKLINE_CLAMD: the virus scanner at 127.0.0.1:9 does not answer" in line for line in wrong)


async def test_signing_in_at_meta_is_whole_or_says_what_is_missing(settings: Settings) -> None:
    async def told(how: str, **changes: object) -> bool:
        report = await examine(settings.model_copy(update={"app_secrets": (SecretStr("secret"),), **changes}))
        return any("signing in at Meta: " in line for line in said(report, how))

    whole = {"app_id": "300", "signup_config_id": "77", "public_url": "https://desk.example.com"}

    assert await told("note")
    assert await told("ok", **whole)
    for missing in whole:
        assert await told("WRONG", **{**whole, missing: None})
    assert await told("WRONG", **whole, app_secrets=())
