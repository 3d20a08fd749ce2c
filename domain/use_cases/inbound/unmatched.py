"""Edits, deletions and reactions whose message does not come: after a minute they are shown without it.

Meanwhile they wait, since they may only have overtaken it. They go on waiting afterwards, for 30 days: a message that
comes late all the same is shown as they made it.
"""

from collections.abc import Sequence
from dataclasses import replace

from domain.conversations.contents import Unsupported
from domain.conversations.versions import WORDS_BEFORE
from domain.ids import Wamid
from domain.ports.bundle import Ports
from domain.updates import (
    DeletionReceived,
    EditReceived,
    IncomingContent,
    MessageReceived,
    Outcome,
    ParkedUpdate,
    ReactionReceived,
)
from domain.use_cases.again import again_on_collision
from domain.use_cases.inbound.batch import Batch
from domain.use_cases.inbound.gather import gather, look_ahead
from domain.use_cases.inbound.messages import receive_message
from domain.use_cases.turns import JOINING, turn_of_message, turns_of_person

DELETED = Unsupported("revoke", "The contact deleted a message that is not here.")
REACTED = Unsupported("reaction", "The contact reacted to a message that is not here.")
UNREACTED = Unsupported("reaction", "The contact took back a reaction to a message that is not here.")

Change = EditReceived | DeletionReceived | ReactionReceived


@again_on_collision
async def show_unmatched(ports: Ports, found: ParkedUpdate) -> bool:
    """Show what waits for the same message as `found` and is due; whether anything is shown of it.

    An edit becomes the message itself, with the words it has now, and whatever else waited is applied to it. It makes
    a thread and a ticket where there is none, since somebody wrote. A deletion or reaction leaves a line in a thread
    that is here, and nothing to read where there is none.
    """
    if not isinstance(found.update, Change):
        return False
    key = (found.number, found.wamid)
    now = ports.clock.now()
    async with ports.store.transaction(found.organization, background=True) as tx:
        batch = Batch.of(ports, tx, now)
        await look_ahead(batch, [found.update])
        batch.may_join = True
        await tx.take_turns(sorted({JOINING, turn_of_message(*key), *turns_of_person(found.update.person)}))
        waiting = await tx.parked([key])
        due = [each for each in waiting if each.due_at is not None and each.due_at <= now]
        item = _shown(waiting, due)
        shown = False
        if item is not None:
            await gather(batch, [item])
            channel = batch.channels.get(found.number)
            if channel is not None:
                record = await receive_message(batch, channel, item)
                await batch.give_back_ticket_numbers()
                shown = record.outcome is Outcome.APPLIED
        if not (shown and item is not None and item.stands_in):  # what waited for a message that is here is gone
            tx.save(*(replace(each, due_at=None) for each in due))
    return shown


def _shown(waiting: Sequence[ParkedUpdate], due: Sequence[ParkedUpdate]) -> MessageReceived | None:
    """The message to show for all that waits for one; None where that was done.

    Of a message that was deleted, nobody reads what it said before.
    """
    deleted = any(isinstance(each.update, DeletionReceived) for each in waiting)
    updates = [each.update for each in due]
    edits = [each for each in updates if isinstance(each, EditReceived)]
    if edits and not deleted:
        return _item(edits[0], edits[0].target, WORDS_BEFORE, stands_in=True)
    deletion = next((each for each in updates if isinstance(each, DeletionReceived)), None)
    if deletion is not None:
        return _item(deletion, deletion.wamid, DELETED)
    reactions = [each for each in updates if isinstance(each, ReactionReceived)]
    if reactions:
        last = reactions[-1]
        return _item(last, last.wamid, REACTED if last.emoji else UNREACTED)
    return None


def _item(update: Change, wamid: Wamid, content: IncomingContent, *, stands_in: bool = False) -> MessageReceived:
    return MessageReceived(
        place=update.place,
        person=update.person,
        wamid=wamid,
        sent_at=update.sent_at,
        content=content,
        original=update.original,
        extends_session=False,
        opens_thread=stands_in,
        stands_in=stands_in,
    )
