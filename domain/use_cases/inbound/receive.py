"""Receiving: what the network told becomes contacts, threads, sessions, tickets, messages and marks.

One transaction for a batch of one organization's updates, in order. Whatever repeats an update that was applied
already changes nothing.
"""

from collections.abc import Sequence
from typing import assert_never

from domain.ids import OrganizationId
from domain.ports.bundle import Ports
from domain.updates import (
    GROUP,
    AccountNews,
    DeletionReceived,
    EditReceived,
    IdentityChanged,
    Ignored,
    MarketingChosen,
    MessageEchoed,
    MessageReceived,
    Outcome,
    ReactionReceived,
    StatusReported,
    TemplateTold,
    Update,
    UpdateRecord,
    record_id,
)
from domain.use_cases.again import again_on_collision
from domain.use_cases.inbound.batch import Batch
from domain.use_cases.inbound.echoes import receive_echo
from domain.use_cases.inbound.gather import gather, look_ahead, turns_of_update
from domain.use_cases.inbound.mentions import receive_mention
from domain.use_cases.inbound.messages import receive_message
from domain.use_cases.inbound.news.accounts import receive_account_news, receive_template, tell_of_groups
from domain.use_cases.inbound.news.people import receive_choice, receive_names
from domain.use_cases.inbound.records import record_of
from domain.use_cases.inbound.reports import receive_change, receive_status
from domain.use_cases.work import Work


@again_on_collision
async def receive(ports: Ports, organization: OrganizationId, updates: Sequence[Update]) -> list[UpdateRecord]:
    """Apply updates in order and say what became of each, now or when it was applied before."""
    async with ports.store.transaction(organization, background=True) as tx:
        batch = Batch.of(ports, tx, ports.clock.now())
        ahead = await look_ahead(batch, updates)
        await tx.take_turns(sorted({*ahead, *(turn for update in updates for turn in turns_of_update(update))}))
        done = await tx.recorded([record_id(update.place) for update in updates])
        fresh = [update for update in updates if record_id(update.place) not in done]
        await gather(batch, fresh)
        for update in fresh:  # so that a reply is not somebody else's whom a later mark of the batch names
            await receive_mention(batch, update)
        made: list[UpdateRecord] = []
        for update in fresh:
            batch.now = ports.clock.now()
            made.append(await _apply(batch, update))
            await receive_mention(batch, update)
        await batch.give_back_ticket_numbers()
        tx.save(*made)
        records = done | {record.id: record for record in made}
    return [records[record_id(update.place)] for update in updates]


@again_on_collision
async def record_failure(ports: Ports, organization: OrganizationId, update: Update, reason: str) -> UpdateRecord:
    """Keep an update that could not be applied, so that it can be found and replayed."""
    async with ports.store.transaction(organization, background=True) as tx:
        record = record_of(Work.of(ports, tx, ports.clock.now()), update, Outcome.FAILED, reason)
        tx.save(record)
    return record


async def _apply(batch: Batch, update: Update) -> UpdateRecord:
    channel = batch.channels.get(update.place.number) if update.place.number is not None else None
    if isinstance(update, Ignored):
        if channel is not None and update.reason == GROUP:
            tell_of_groups(batch, channel)
        return record_of(batch, update, Outcome.IGNORED, update.reason)
    if isinstance(update, TemplateTold):
        return await receive_template(batch, update)
    if isinstance(update, AccountNews):
        return receive_account_news(batch, update)
    if isinstance(update, MarketingChosen):  # of the whole account, whichever number it names
        return await receive_choice(batch, update)
    if channel is None:
        return record_of(batch, update, Outcome.IGNORED, "a number that is not connected here")
    match update:
        case MessageReceived():
            return await receive_message(batch, channel, update)
        case MessageEchoed():
            return await receive_echo(batch, channel, update)
        case IdentityChanged():
            return await receive_names(batch, channel, update)
        case ReactionReceived() | EditReceived() | DeletionReceived():
            return await receive_change(batch, channel, update)
        case StatusReported():
            return await receive_status(batch, channel, update)
        case _:
            assert_never(update)
