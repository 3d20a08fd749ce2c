"""Drafts in storage: whose they are, when they are good, and what each of their numbers may become."""

from dataclasses import dataclass
from datetime import datetime

from domain.channels.channels import Channel
from domain.channels.drafts import ConnectionDraft, Taken, taken
from domain.error_codes import ErrorCode
from domain.errors import Refusal, Refused
from domain.ids import ConnectionDraftId, OrganizationId, PhoneNumberId
from domain.people.actors import Actor
from domain.ports.bundle import Ports
from domain.ports.directory import Directory, DirectoryEntry
from domain.ports.store import Transaction
from domain.ports.system import Vault
from domain.use_cases.again import again_on_collision

GONE = Refused(ErrorCode.NOT_FOUND, "There is no such sign-in any more. Sign in again.", ("draftId",))


@dataclass(frozen=True, slots=True)
class OpenDraft:
    """A good draft with its token, opened, and what is taken of what it reaches."""

    draft: ConnectionDraft
    token: str
    taken: Taken


@again_on_collision
async def open_draft(ports: Ports, actor: Actor, id: ConnectionDraftId) -> OpenDraft | Refusal:
    """NOT_FOUND for one that ran out, and for somebody else's: both look the same."""
    async with ports.store.transaction(actor.organization) as tx:
        return await DraftRoom(ports.vault, ports.directory, ports.clock.now()).opened(tx, actor, id)


@dataclass(frozen=True, slots=True)
class DraftRoom:
    """What a draft is opened with."""

    vault: Vault
    directory: Directory
    now: datetime

    async def opened(self, tx: Transaction, actor: Actor, id: ConnectionDraftId) -> OpenDraft | Refusal:
        draft = await tx.row(ConnectionDraft, id)
        if draft is None or not draft.is_of(actor) or not draft.is_good(self.now):
            return GONE
        sealed = draft.access_token or ""
        token = self.vault.open(tx.organization, "access_token", sealed, channel=draft.id)
        if token is None:
            return GONE
        others = await elsewhere(self.directory, tx.organization, draft)
        return OpenDraft(draft, token, taken(await tx.all_of(Channel), others))


async def elsewhere(directory: Directory, organization: OrganizationId, draft: ConnectionDraft) -> list[PhoneNumberId]:
    """Those of a draft's numbers that other organizations have."""
    numbers = [number.id for account in draft.accounts for number in account.numbers]
    listed = await directory.find(DirectoryEntry.NUMBER, numbers) if numbers else []
    return [PhoneNumberId(number) for number, whose, _ in listed if whose != organization]
