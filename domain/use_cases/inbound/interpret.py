"""Interpreting: deliveries as received become updates, each handed to the organization it belongs to.

A delivery belongs to no organization. An update belongs to the one whose channel has its number id, or its account id
where it names no number. An update that can't be applied spoils nothing but itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from domain.channels.channels import Channel, Problem, ProblemCode
from domain.channels.health.problems import noticed
from domain.claims import CLAIMS_AT_MOST
from domain.conversations.contents import Unsupported
from domain.errors import Unavailable
from domain.ids import BusinessAccountId, DeliveryId, OrganizationId, PhoneNumberId
from domain.ports.bundle import Ports
from domain.ports.deliveries import Delivery, DeliveryResult, DeliveryState
from domain.ports.directory import DirectoryEntry
from domain.ports.network import Unreadable
from domain.updates import AccountNews, Ignored, MessageEchoed, MessageReceived, TemplateTold, Update, UpdateRecord
from domain.use_cases.again import again_on_collision
from domain.use_cases.channels.health import keep_channel, unknown_number
from domain.use_cases.inbound.receive import receive, record_failure
from domain.use_cases.inbound.records import results_of

BATCH = 64  # updates in one transaction: appends never wait long behind it on SQLite
NEVER_FINISHED = f"was taken up {CLAIMS_AT_MOST} times and never finished"


class NeverFinished(Exception):
    """Whoever takes up this delivery dies of it, or hangs."""


@dataclass(frozen=True, slots=True)
class UpdateFailed:
    """For whoever runs the desk: an update that was kept and not applied, and why."""

    delivery: DeliveryId
    index: int
    error: Exception


@dataclass(frozen=True, slots=True)
class Interpreted:
    deliveries: int
    updates: int
    failures: tuple[UpdateFailed, ...] = ()
    unknown_numbers: int = 0  # updates that named a number nobody here has


@dataclass(frozen=True, slots=True)
class _Routes:
    numbers: dict[str, OrganizationId]
    accounts: dict[str, list[OrganizationId]]

    def of(self, update: Update) -> list[OrganizationId]:
        """Whose update this is: that of the number's organization, or where it names none of the account's.

        An account may be connected by several: what is told of it and its templates is told to all, anything else to
        nobody.
        """
        if update.place.number is not None:
            organization = self.numbers.get(update.place.number)
            return [organization] if organization is not None else []
        candidates = self.accounts.get(update.place.account or "", [])
        return candidates if len(candidates) == 1 or isinstance(update, TemplateTold | AccountNews) else []


async def interpret(ports: Ports, deliveries: Sequence[Delivery]) -> Interpreted:
    """Interpret deliveries that are this worker's own: claimed, and not given back.

    What dies midway is taken up again, and nothing is applied twice. One that was taken up too often without an end is
    set aside.
    """
    if not deliveries:
        return Interpreted(0, 0)
    poison = [delivery for delivery in deliveries if delivery.claims > CLAIMS_AT_MOST]
    read, unread = await _read(ports, [delivery for delivery in deliveries if delivery not in poison])
    routes = await _routes(ports, [update for updates in read.values() for update in updates])
    owned: dict[OrganizationId, list[Update]] = {}
    strays: list[Update] = []
    for updates in read.values():
        for update in updates:
            owners = routes.of(update)
            for organization in owners:
                owned.setdefault(organization, []).append(update)
            if not owners:
                strays.append(update)
    records, failures = await _receive_all(ports, owned)
    finished = results_of(records, [id for id in read if not _only_strays(read[id], strays)])
    stray_ids = [id for id in read if _only_strays(read[id], strays)]
    aside = [DeliveryResult(delivery.id, DeliveryState.FAILED, NEVER_FINISHED) for delivery in poison]
    await ports.webhook_inbox.finish([*aside, *unread, *finished, *(_stray_result(id, read[id]) for id in stray_ids)])
    unknown = [update for update in strays if update.place.number is not None]
    await _note_unknown_numbers(ports, routes, unknown)
    taken = sum(len(updates) for updates in read.values())
    given_up = [UpdateFailed(delivery.id, 0, NeverFinished(NEVER_FINISHED)) for delivery in poison]
    return Interpreted(len(deliveries), taken, (*given_up, *failures), len(unknown))


async def _read(
    ports: Ports, deliveries: Sequence[Delivery]
) -> tuple[dict[DeliveryId, list[Update]], list[DeliveryResult]]:
    read: dict[DeliveryId, list[Update]] = {}
    unread: list[DeliveryResult] = []
    for delivery in deliveries:
        try:
            read[delivery.id] = await ports.interpreter.updates(delivery)
        except Unreadable as problem:
            unread.append(DeliveryResult(delivery.id, DeliveryState.FAILED, str(problem)))
    return read, unread


async def _routes(ports: Ports, updates: Sequence[Update]) -> _Routes:
    numbers = {update.place.number for update in updates if update.place.number is not None}
    accounts = {update.place.account for update in updates if update.place.account is not None}
    by_number = await ports.directory.find(DirectoryEntry.NUMBER, sorted(numbers)) if numbers else []
    by_account = await ports.directory.find(DirectoryEntry.ACCOUNT, sorted(accounts)) if accounts else []
    owners: dict[str, list[OrganizationId]] = {}
    for account, organization, _ in by_account:
        owners.setdefault(account, []).append(organization)
    return _Routes({number: organization for number, organization, _ in by_number}, owners)


async def _receive_all(
    ports: Ports, owned: dict[OrganizationId, list[Update]]
) -> tuple[list[UpdateRecord], list[UpdateFailed]]:
    records: list[UpdateRecord] = []
    failures: list[UpdateFailed] = []
    for organization, updates in owned.items():
        for start in range(0, len(updates), BATCH):
            batch = updates[start : start + BATCH]
            try:
                records += await receive(ports, organization, batch)
            except Unavailable:
                raise
            except Exception:
                await _one_at_a_time(ports, organization, batch, records, failures)
    return records, failures


async def _one_at_a_time(
    ports: Ports,
    organization: OrganizationId,
    batch: Sequence[Update],
    records: list[UpdateRecord],
    failures: list[UpdateFailed],
) -> None:
    """The batch again, so that only what is broken in it is left behind: as unsupported, or failed and kept."""
    for update in batch:
        try:
            records += await receive(ports, organization, [update])
        except Unavailable:
            raise
        except Exception as error:
            failures.append(UpdateFailed(update.place.delivery, update.place.index, error))
            records += await _without_content(ports, organization, update, error)


async def _without_content(
    ports: Ports, organization: OrganizationId, update: Update, error: Exception
) -> list[UpdateRecord]:
    reason = f"could not be applied: {type(error).__name__}"
    if isinstance(update, (MessageReceived, MessageEchoed)):
        unreadable = Unsupported("unreadable", "This message could not be read.")
        bare = replace(update, content=unreadable)
        bare = replace(bare, referral=None) if isinstance(bare, MessageReceived) else bare
        try:
            return await receive(ports, organization, [bare])
        except Unavailable:
            raise
        except Exception:
            pass
    return [await record_failure(ports, organization, update, reason)]


def _only_strays(updates: Sequence[Update], strays: Sequence[Update]) -> bool:
    known = {id(stray) for stray in strays}
    return all(id(update) in known for update in updates)


def _stray_result(delivery: DeliveryId, updates: Sequence[Update]) -> DeliveryResult:
    numbers = sorted({update.place.number for update in updates if update.place.number is not None})
    if numbers:
        return DeliveryResult(delivery, DeliveryState.IGNORED, f"a number nobody here has: {', '.join(numbers)}")
    reasons = [update.reason for update in updates if isinstance(update, Ignored)]
    return DeliveryResult(delivery, DeliveryState.IGNORED, reasons[0] if reasons else "nothing in it")


async def _note_unknown_numbers(ports: Ports, routes: _Routes, strays: Sequence[Update]) -> None:
    """Tell the channels of the same business account that webhooks come for a number that is not connected."""
    found: dict[tuple[OrganizationId, BusinessAccountId], PhoneNumberId] = {}
    for update in strays:
        account, number = update.place.account, update.place.number
        if account is not None and number is not None:
            for organization in routes.accounts.get(account, []):
                found[(organization, account)] = number
    for (organization, account), number in found.items():
        await _note_unknown_number(ports, organization, account, number, ports.clock.now())


@again_on_collision
async def _note_unknown_number(
    ports: Ports, organization: OrganizationId, account: BusinessAccountId, number: PhoneNumberId, now: datetime
) -> None:
    problem = Problem(
        ProblemCode.UNKNOWN_NUMBER_TRAFFIC,
        unknown_number(number),
        "Connect that number, or take it off the business account.",
        now,
    )
    async with ports.store.transaction(organization, background=True) as tx:
        for channel in await tx.all_of(Channel):
            if channel.account == account:
                keep_channel(tx, channel, noticed(channel, problem, now), now)
