"""`/webhooks/whatsapp`: Meta's handshake, and deliveries: checked over their exact bytes, stored, answered.

A delivery is answered 200 only once it would survive a power cut. What is in it is somebody else's business.

Strangers can't switch it off: a post without a well-formed signature is refused before its body, one whose body doesn't
come makes room for others, and a place among those being handled is taken only once the whole body is here.
"""

import asyncio
import hmac
import json
import re
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Final, TypeVar
from weakref import WeakValueDictionary

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from adapters.whatsapp.inbound import signature
from adapters.whatsapp.inbound.items import numbers_in, numbers_named
from adapters.whatsapp.inbound.reading import as_id, as_list, as_object, read_json
from api.http.guard.addresses import shared_by
from api.http.guard.bodies import TooLarge, read_body
from api.http.guard.callers import caller_of
from api.http.guard.crowd import Crowd, MadeRoom
from api.http.guard.places import NoPlace, Places, Share
from api.http.requests import KEY as REQUEST_KEY
from api.metrics import Meters
from api.seldom import Seldom
from domain.channels.channels import Channel
from domain.errors import Unavailable
from domain.ids import BusinessAccountId, DeliveryId, PhoneNumberId
from domain.ports.bundle import Ports
from domain.ports.deliveries import Delivery, DeliveryState
from domain.ports.directory import DirectoryEntry
from domain.ports.network import Unreadable

PATH: Final = "/webhooks/whatsapp"
BODY_LIMIT: Final = 4 * 1024 * 1024  # the network sends up to 3 MB
BODY_WITHIN_S: Final = 20.0
STORED_WITHIN_S: Final = 2.0
BYTES_COMING: Final = 32 * 1024 * 1024  # of bodies that are not whole
BYTES_HANDLED: Final = 32 * 1024 * 1024  # of those that are
LONGEST_CHALLENGE: Final = 256
READ_AT_ONCE: Final = 16 * 1024  # bytes that a body may have to be read on the loop, whoever signed it
PARTS_AT_MOST: Final = (
    500_000  # commas, colons and opening brackets that no app's secret signed; decoding holds the loop
)
NAMED_AT_MOST: Final = 1_000  # numbers, and accounts, that are looked up to see who may have signed a body
NUMBERS_SAID: Final = 5  # of those that an unsigned body names
NOT_JSON: Final = "The body is not JSON."
SIGNED: Final = "signed"  # no address
LOOKS_SIGNED: Final = re.compile(r"sha256=[0-9a-f]{64}")

T = TypeVar("T")

log = structlog.stdlib.get_logger()


class WhatsAppWebhook:
    """`app_secrets` speak for every number, a channel's own for the channels that hold the same one."""

    def __init__(
        self,
        ports: Ports,
        meters: Meters,
        *,
        app_secrets: Collection[str],
        verify_token: str | None,
        max_in_flight: int,
        max_per_address: int,
    ) -> None:
        self._ports = ports
        self._meters = meters
        self._app_secrets = tuple(app_secrets)
        self._verify_token = verify_token
        self._max_in_flight = max_in_flight
        self._max_per_address = max_per_address
        self._coming = Crowd(max_in_flight, max_per_address, BYTES_COMING)
        self._handled = Places()
        self._reading: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()  # by who signed, or the address
        self._strange_handshakes = Seldom("a webhook's handshake was refused")
        self._unsigned = Seldom("a webhook was refused: its signature is missing or wrong")

    def routes(self) -> list[Route]:
        return [
            Route(PATH, self.shake_hands, methods=["GET"]),
            Route(PATH, self.receive, methods=["POST"]),
        ]

    async def shake_hands(self, request: Request) -> Response:
        """Echoes the challenge to whoever knows the token."""
        query = request.query_params
        challenge = query.get("hub.challenge", "")
        knows = self._verify_token is not None and _equal(query.get("hub.verify_token", ""), self._verify_token)
        if not knows or query.get("hub.mode") != "subscribe" or not 1 <= len(challenge) <= LONGEST_CHALLENGE:
            self._strange_handshakes.warn(address=caller_of(request.scope).address, knows_token=knows)
            return PlainTextResponse("Forbidden", 403)
        return PlainTextResponse(challenge)

    async def receive(self, request: Request) -> Response:
        header = _signature(request)
        if header is None:
            return self._not_signed(caller_of(request.scope).address, "missing")
        try:
            body = await read_body(request, self._coming, most_bytes=BODY_LIMIT, within_s=BODY_WITHIN_S)
            return await self._take(request, body, header)
        except TooLarge:
            return self._refused("too_large", 413)
        except TimeoutError:
            return self._refused("slow", 408)
        except (MadeRoom, NoPlace):
            return self._refused("busy", 503, retry_after_s=1)
        except ClientDisconnect:
            return self._refused("gone", 400)
        except Unavailable as error:
            return self._refused("unavailable", 503, retry_after_s=error.retry_after_s)

    async def _take(self, request: Request, body: bytes, header: str) -> Response:
        is_apps = signature.matches(body, header, self._app_secrets) is not None
        shares = [Share(("posts",), self._max_in_flight), Share(("bytes",), BYTES_HANDLED, len(body))]
        if not is_apps:  # whose signature is yet to be looked up has no more than an address's share
            shares.append(Share(("address", shared_by(request.scope)), self._max_per_address))
        with self._handled.taken(*shares), self._meters.in_flight.track_inprogress():
            if is_apps:
                return await self._store(request, body, await self._read(body, SIGNED, numbers_named))
            if sum(map(body.count, (b",", b":", b"[", b"{"))) > PARTS_AT_MOST:
                return self._refused("too_large", 413)
            named, accounts = await self._read(body, shared_by(request.scope), _spoken_of)
            if named is None or not await self._is_signed_by_its_channels(body, header, named, accounts):
                return self._not_signed(caller_of(request.scope).address, "wrong", named)
            return await self._store(request, body, named)

    async def _read(self, body: bytes, whose: str, read: Callable[[bytes], T]) -> T:
        """What a body says that may have been made to be slow: beside the loop, one at a time of each."""
        if len(body) <= READ_AT_ONCE:
            return read(body)
        async with self._reading.setdefault(whose, asyncio.Lock()):
            return await asyncio.to_thread(read, body)

    async def _store(self, request: Request, body: bytes, named: Collection[PhoneNumberId] | None) -> Response:
        """Signed, so it is kept, whatever it is."""
        id = DeliveryId(request.scope.get(REQUEST_KEY) or self._ports.ids.new())  # one name from here to what it causes
        received_at = self._ports.clock.now()
        is_json = named is not None or await self._read(body, SIGNED, _is_json)
        delivery = (
            Delivery(id, received_at, body, numbers=tuple(sorted(named or ())))
            if is_json
            else Delivery(id, received_at, body, DeliveryState.FAILED, NOT_JSON)
        )
        try:
            async with asyncio.timeout(STORED_WITHIN_S):
                with self._meters.appending.time():
                    await self._ports.webhook_inbox.append(delivery)
        except TimeoutError:
            # It may have been stored all the same; what comes twice is told apart later.
            raise Unavailable from None
        if not is_json:
            log.warning("a signed delivery is not JSON", delivery=id, bytes=len(body))
            return self._refused("not_json", 400)
        self._meters.acknowledged.inc()
        return Response(status_code=200)

    async def _is_signed_by_its_channels(
        self, body: bytes, header: str, numbers: set[PhoneNumberId], accounts: set[BusinessAccountId]
    ) -> bool:
        """A channel's secret speaks only where everything the body names is of channels that hold the same secret."""
        if max(len(numbers), len(accounts)) > NAMED_AT_MOST:
            return False
        channels = await self._channels_of(numbers, accounts)
        if not channels:
            return False
        now = self._ports.clock.now()
        shared = set[str].intersection(*(_prints(channel, now) for channel in channels))
        # Every channel has to open it: what one of them has under this name may be sealed by a key that is gone.
        return any(
            all(signature.matches(body, header, [self._secret_of(each, name)]) is not None for each in channels)
            for name in sorted(shared)
        )

    async def _channels_of(self, numbers: set[PhoneNumberId], accounts: set[BusinessAccountId]) -> list[Channel]:
        """Every channel the body speaks of; none where it names a number or an account that nobody connected."""
        by_number = await self._ports.directory.find(DirectoryEntry.NUMBER, numbers) if numbers else []
        by_account = await self._ports.directory.find(DirectoryEntry.ACCOUNT, accounts) if accounts else []
        if {value for value, _, _ in by_number} != numbers or {value for value, _, _ in by_account} != accounts:
            return []
        channels: list[Channel] = []
        for organization in {organization for _, organization, _ in (*by_number, *by_account)}:
            channels += await self._ports.reader.all_of(Channel, organization, "created_at")
        named = [each for each in channels if each.phone_number_id in numbers or each.account in accounts]
        everything_found = all(
            any(each.organization == organization and value in (each.phone_number_id, each.account) for each in named)
            for value, organization, _ in (*by_number, *by_account)
        )
        return named if everything_found else []

    def _secret_of(self, channel: Channel, named: str) -> str:
        """The empty secret, which fits nothing, where no key opens it."""
        is_former = named != channel.app_secret_print
        sealed = channel.former_app_secret if is_former else channel.app_secret
        vault = self._ports.vault
        return (vault.open(channel.organization, "app_secret", sealed, channel=channel.id) or "") if sealed else ""

    def _not_signed(self, address: str, signature: str, numbers: Collection[PhoneNumberId] | None = None) -> Response:
        named = " ".join(sorted(numbers or ())[:NUMBERS_SAID]) or None
        self._unsigned.warn(address=address, signature=signature, numbers=named)
        return self._refused("signature", 401)

    def _refused(self, cause: str, status: int, retry_after_s: float | None = None) -> Response:
        self._meters.refused.labels(cause).inc()
        headers = {"Retry-After": str(max(1, round(retry_after_s)))} if retry_after_s is not None else None
        return Response(status_code=status, headers=headers)


def _prints(channel: Channel, now: datetime) -> set[str]:
    """Of the secrets that speak for it: its own, and the one before for as long as that is good."""
    named = [channel.app_secret_print]
    if channel.former_secret_until is not None and now < channel.former_secret_until:
        named.append(channel.former_app_secret_print)
    return {each for each in named if each is not None}


def _is_json(body: bytes) -> bool:
    """For a body that could not be read: JSON that is too deep or holds endless numbers is JSON all the same."""
    try:
        json.loads(body, parse_int=str, parse_float=str, parse_constant=_no_constant)
    except RecursionError:
        return True
    except ValueError:
        return False
    return True


def _no_constant(word: str) -> None:
    raise ValueError(f"{word} is no JSON")


def _signature(request: Request) -> str | None:
    """The one header that could be right; None where there is none, several, or something else in it."""
    headers = request.headers.getlist("x-hub-signature-256")
    return headers[0] if len(headers) == 1 and LOOKS_SIGNED.fullmatch(headers[0]) else None


def _equal(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(errors="surrogatepass"), other.encode(errors="surrogatepass"))


def _spoken_of(body: bytes) -> tuple[set[PhoneNumberId] | None, set[BusinessAccountId]]:
    """The numbers, and the accounts that are meant as a whole; no numbers at all where it is not JSON."""
    try:
        decoded = read_json(body)
    except Unreadable:
        return None, set()
    return numbers_in(decoded), _accounts_without_number(decoded)


def _accounts_without_number(body: object) -> set[BusinessAccountId]:
    """Business accounts spoken of by changes that name no number, and so are meant for the whole account."""
    found: set[BusinessAccountId] = set()
    for entry in map(as_object, as_list((as_object(body) or {}).get("entry")) or []):
        account = as_id(entry.get("id")) if entry else None
        if entry and account and any(_number_of(change) is None for change in as_list(entry.get("changes")) or []):
            found.add(BusinessAccountId(account))
    return found


def _number_of(change: object) -> str | None:
    value = as_object((as_object(change) or {}).get("value")) or {}
    return as_id((as_object(value.get("metadata")) or {}).get("phone_number_id"))
