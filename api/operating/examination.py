"""`deskline doctor`: every setting, and what is wrong, in lines that say what to do."""

import base64
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx

from adapters.clamd.scanner import Clamd
from adapters.clamd.scanner import Health as ScannerHealth
from adapters.db.migrating.history import DatabaseRefused, SchemaLevel, SchemaState, refusal_of
from adapters.db.sqlite.file import DatabaseFile
from adapters.db.sqlite.log import LONG_BYTES
from adapters.redis import Health as RedisHealth
from adapters.redis import look_at
from adapters.room import is_full
from adapters.sounds import are_here
from api.http.browsers.bundle import Bundle
from api.keys import NEEDED
from api.settings import PREFIX, Settings, shown, unknown_variables, variable_of
from api.wiring import Wired, opened, wired
from domain.channels.channels import REQUIRED_PERMISSIONS, Channel, ChannelState, ProblemCode
from domain.errors import Unavailable
from domain.ids import OrganizationId, PhoneNumberId
from domain.ports.deliveries import DeliveryState
from domain.ports.directory import DirectoryEntry
from domain.ports.network import NotSent, Rejected, TokenFacts, Unanswered
from domain.use_cases.channels.tokens import token_of

NUMBERS_SHOWN: Final = 20
UNKNOWN_SINCE: Final = timedelta(days=7)  # the network repeats what it could not deliver for so long
PUBLIC_ANSWERS_WITHIN_S: Final = 5.0
SWITCHED: Final = 101  # protocols
NOT_SERVING: Final = (502, 503, 504)
SHOWN_OF_AN_ANSWER: Final = 300
AWAY: Final = "database: can't answer now; it is away or full, or another process holds it"


@dataclass(slots=True)
class Report:
    lines: list[str] = field(default_factory=list[str])
    faults: int = 0

    def good(self, what: str) -> None:
        self.lines.append(f"ok     {what}")

    def note(self, what: str) -> None:
        self.lines.append(f"note   {what}")

    def wrong(self, what: str) -> None:
        self.lines.append(f"WRONG  {what}")
        self.faults += 1


async def examine(settings: Settings, transport: httpx.AsyncBaseTransport | None = None) -> Report:
    """Looks only: it makes no database and sends no message. `transport` leads to the public address."""
    report = Report()
    _tell_settings(settings, report)
    report.lines.append("")
    _look_at_page(report)
    _look_at_proxies(settings, report)
    await _look_at_public_address(settings, report, transport)
    _look_at_sign_in(settings, report)
    await _look_at_redis(settings, report)
    await _look_at_objects(settings, report)
    await _look_at_scanner(settings, report)
    if not are_here():
        report.note("voice notes: no codecs; pip install 'deskline[voice]' to have recordings converted")
    file = settings.database_file
    if file is not None and not file.exists():
        report.note(f"database: {file} is not there yet; deskline serve makes it")
        return report
    if file is None and settings.secret_key is None:
        report.wrong(NEEDED)
    if file is not None:
        _look_at_disk(file, report)
    try:
        async with opened(settings) as database:
            state = await database.state()
    except DatabaseRefused as refusal:
        report.wrong(f"database: {refusal}")
        return report
    except Unavailable:
        report.wrong(AWAY)
        return report
    _look_at_state(state, settings, report)
    if state.level is SchemaLevel.CURRENT and (file is not None or settings.secret_key is not None):
        await _look_inside(settings, report)
    return report


def _tell_settings(settings: Settings, report: Report) -> None:
    for name, about in Settings.model_fields.items():
        source = f"set; default {shown(about.default)}" if settings.differs(name) else "default"
        report.lines.append(f"{variable_of(name)} = {settings.shown(name)}  ({source}): {about.description}")
    for name, meant in unknown_variables().items():
        report.note(f"{name} is set, and nothing reads it: {f'is {meant} meant' if meant else 'is it misspelt'}?")


def _look_at_page(report: Report) -> None:
    if Bundle().is_built:
        report.good("inbox page: built")
    else:
        report.wrong("inbox page: not built; run ./dev web")


def _look_at_proxies(settings: Settings, report: Report) -> None:
    if (settings.public_url or "").startswith("https:") and not settings.trusted_proxies:
        report.note(
            f"proxies: {PREFIX}PUBLIC_URL is https, so something stands in front, and {PREFIX}TRUSTED_PROXIES does not"
            " name it: nobody's address is known, and limits per address don't hold"
        )


async def _look_at_public_address(
    settings: Settings, report: Report, transport: httpx.AsyncBaseTransport | None
) -> None:
    """Shakes hands for a socket as a browser on the inbox page would, through whatever stands in front."""
    if settings.public_url is None:
        report.note(f"public address: {PREFIX}PUBLIC_URL is not set; pages are known by the Host header alone")
        return
    try:
        async with (
            httpx.AsyncClient(transport=transport, timeout=PUBLIC_ANSWERS_WITHIN_S, trust_env=False) as client,
            client.stream("GET", f"{settings.public_url}/graphql", headers=_handshake(settings.public_url)) as answer,
        ):
            words = "" if answer.status_code == SWITCHED else (await _beginning(answer)).strip()
    except httpx.HTTPError as error:
        report.note(
            f"public address: {settings.public_url} can't be reached from here: {error or type(error).__name__}"
        )
        return
    if answer.status_code == SWITCHED:
        report.good(f"public address: {settings.public_url} leads here, sockets too")
    elif answer.status_code in NOT_SERVING:
        report.note(f"public address: {settings.public_url} answers {answer.status_code}; is deskline serve running?")
    else:
        report.wrong(
            f"public address: a socket's handshake at {settings.public_url}/graphql was answered {answer.status_code},"
            f" not {SWITCHED}: {words or 'without a word'}"
        )


def _handshake(public_url: str) -> dict[str, str]:
    place = urlsplit(public_url)
    return {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Origin": f"{place.scheme}://{place.netloc}",
        "Sec-WebSocket-Key": base64.b64encode(secrets.token_bytes(16)).decode(),
        "Sec-WebSocket-Protocol": "graphql-transport-ws",
        "Sec-WebSocket-Version": "13",
    }


async def _beginning(answer: httpx.Response) -> str:
    """Of an answer's text: somebody else's page may be long."""
    async for text in answer.aiter_text(SHOWN_OF_AN_ANSWER):
        return " ".join(text.split())
    return ""


async def _look_at_redis(settings: Settings, report: Report) -> None:
    address = settings.redis_address
    if address is None:
        if settings.database_file is None:
            report.note("redis: none; several processes learn each other's news after half a second")
        return
    state = await look_at(address)
    match state.health:
        case RedisHealth.READY:
            report.good(f"redis: {state.message}")
        case RedisHealth.LIMITED | RedisHealth.AWAY | RedisHealth.REFUSED:
            report.wrong(f"redis: {state.message}")


def _look_at_sign_in(settings: Settings, report: Report) -> None:
    needed = {
        "APP_ID": settings.app_id,
        "APP_SECRETS": settings.app_secrets or None,
        "SIGNUP_CONFIG_ID": settings.signup_config_id,
        "PUBLIC_URL": settings.public_url,
    }
    missing = [PREFIX + name for name, value in needed.items() if value is None]
    if settings.app_id is None and settings.signup_config_id is None:
        report.note("signing in at Meta: not set up; numbers are connected with a token that is pasted")
    elif missing:
        report.wrong(f"signing in at Meta: set {', '.join(missing)}; docs/connecting.md says where each is found")
    else:
        report.good("signing in at Meta: set up")


async def _look_at_objects(settings: Settings, report: Report) -> None:
    place = settings.media_objects
    if place is None:
        if is_full(settings.media_folder):
            report.wrong(f"files: the disk of {settings.media_folder} is full; no file can be kept")
        return
    from adapters.media.objects import Health, ObjectMedia  # as in `api.wiring`

    state = await ObjectMedia(place).look()
    match state.health:
        case Health.READY:
            report.good(f"files: {state.message}")
        case Health.AWAY | Health.REFUSED:
            report.wrong(f"files: {state.message}")


async def _look_at_scanner(settings: Settings, report: Report) -> None:
    if settings.scanner_address is None:
        report.note("virus scanner: none")
        return
    state = await Clamd(settings.scanner_address).look()
    match state.health:
        case ScannerHealth.READY:
            report.good(f"virus scanner: {state.message}")
        case ScannerHealth.AWAY:
            report.wrong(f"virus scanner: {state.message}")


def _look_at_disk(file: Path, report: Report) -> None:
    """Before it is opened here: whoever closes a database last also ends its log."""
    if is_full(file):
        report.wrong(f"database: the disk of {file} is full; nothing can be written")
    database = DatabaseFile(file)
    length = database.log_bytes() >> 20
    if database.log_bytes() <= LONG_BYTES:
        report.good(f"database: its write-ahead log has {length} MiB")
        return
    readers = ", ".join(str(process) for process in database.other_readers())
    whose = f"process {readers}" if readers else f"a program that has {file} open (fuser names it)"
    report.wrong(
        f"database: its write-ahead log has {length} MiB and grows, as {whose} reads from an older state; end it, and"
        " Deskline cuts the log within seconds"
    )


def _look_at_state(state: SchemaState, settings: Settings, report: Report) -> None:
    match state.level:
        case SchemaLevel.CURRENT:
            report.good("database: up to date")
        case SchemaLevel.EMPTY if settings.database_file is not None:
            report.note("database: empty; deskline serve fills it")
        case SchemaLevel.EMPTY:
            report.wrong("database: empty; run deskline migrate")
        case SchemaLevel.BEHIND:
            report.wrong(f"database: lacks {', '.join(state.names)}; run deskline migrate")
        case SchemaLevel.AHEAD | SchemaLevel.FOREIGN:
            report.wrong(f"database: {refusal_of(state)}")


async def _look_inside(settings: Settings, report: Report) -> None:
    alone = settings.model_copy(update={"redis_url": None, "media_store": None})  # how they stand was told above
    async with wired(alone) as desk:
        try:
            await _look_at_deliveries(desk, report)
            organizations = await desk.ports.directory.organizations()
            if not organizations:
                report.note("organizations: none yet; run deskline bootstrap")
            for organization in organizations:
                await _look_at_channels(desk, organization, report)
        except Unavailable:
            report.wrong(AWAY)


async def _look_at_deliveries(desk: Wired, report: Report) -> None:
    counts = await desk.ports.webhook_inbox.counts()
    if failed := counts.get(DeliveryState.FAILED, 0):
        report.wrong(f"webhooks: {failed} deliveries could not be interpreted; after a fix run deskline replay")
    if ignored := counts.get(DeliveryState.IGNORED, 0):
        report.note(f"webhooks: {ignored} deliveries were kept and not acted on")
    for number, held in await _unknown_numbers(desk):
        report.wrong(
            f"webhooks: {held} deliveries of the last week are for the number id {number}, which is not connected;"
            " connect it, or take the app off its business account"
        )
    if waiting := counts.get(DeliveryState.WAITING, 0):
        report.note(f"webhooks: {waiting} deliveries wait for a worker")


async def _unknown_numbers(desk: Wired) -> list[tuple[PhoneNumberId, int]]:
    """Numbers that nobody here has, the busiest first, and how many deliveries named each; some of the numbers."""
    named = await desk.ports.webhook_inbox.named_in(DeliveryState.IGNORED, desk.ports.clock.now() - UNKNOWN_SINCE)
    known = (
        {number for number, _, _ in await desk.ports.directory.find(DirectoryEntry.NUMBER, named)}
        if named
        else set[str]()
    )
    unknown = [(number, held) for number, held in named.items() if number not in known]
    return sorted(unknown, key=lambda each: (-each[1], each[0]))[:NUMBERS_SHOWN]


async def _look_at_channels(desk: Wired, organization: OrganizationId, report: Report) -> None:
    name = (await desk.ports.reader.organization(organization)).name
    channels = [
        each for each in await desk.ports.reader.all_of(Channel, organization, "created_at") if each.state is not GONE
    ]
    if not channels:
        report.note(f"{name}: no number is connected")
    for channel in channels:
        await _look_at_channel(desk, channel, f"{name}, {channel.phone_number}", report)


GONE: Final = ChannelState.DISCONNECTED


async def _look_at_channel(desk: Wired, channel: Channel, name: str, report: Report) -> None:
    before = report.faults
    if not desk.settings.app_secrets and channel.app_secret is None:
        report.wrong(
            f"{name}: its webhooks are refused; set {PREFIX}APP_SECRETS, or give it its app's secret with channelUpdate"
        )
    if not channel.webhook_subscribed:
        report.wrong(
            f"{name}: its webhooks are not subscribed; give the app its WhatsApp account in Meta's business settings,"
            " and the worker subscribes it within the hour"
        )
    for problem in channel.problems:
        # A token is asked about below, as it is now.
        if problem.code is not ProblemCode.TOKEN_INVALID:
            report.wrong(f"{name}: {problem.message} {problem.hint}")
    if fault := await _token_fault(desk, channel):
        report.wrong(f"{name}: {fault}")
    if report.faults == before:
        report.good(f"{name}: token valid, webhooks subscribed")


async def _token_fault(desk: Wired, channel: Channel) -> str | None:
    if channel.access_token is None:
        return "it has no token; give it one with channelUpdate"
    token = token_of(desk.ports.vault, channel)
    if token is None:
        return "no key opens its token; put the encryption key back, or give it a new one with channelUpdate"
    match await desk.ports.network.token_facts(token):
        case TokenFacts(valid=False):
            return "the network says that its token is not valid; give it a new one with channelUpdate"
        case TokenFacts(permissions=permissions):
            missing = [each for each in REQUIRED_PERMISSIONS if each not in permissions]
            lacking = f"its token lacks {', '.join(missing)}; give the app these permissions, and it a new token"
            return lacking if missing else None
        case Rejected(message=message) | NotSent(message=message) | Unanswered(message=message):
            return f"the network can't be asked about its token: {message}"
