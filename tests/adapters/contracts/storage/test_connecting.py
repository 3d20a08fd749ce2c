"""The rows of connecting: sign-ins with all that they reach, PINs that were registered with, profiles."""

from dataclasses import replace

from domain.channels.channels import Channel
from domain.channels.drafts import ConnectionDraft, Registration
from domain.channels.profiles import BusinessProfile
from domain.ids import ConnectionDraftId
from domain.people.actors import ByIntegration
from tests.adapters.contracts.desks import Desk
from tests.builders import (
    ACME,
    API_KEY,
    CHANNEL,
    DRAFT,
    GLOBEX,
    NOON,
    NUMBER,
    a_channel,
    a_connection_draft,
    a_registration,
    an_id,
)

OTHER = ConnectionDraftId(an_id(1))


async def test_a_draft_comes_back_with_everything_set_and_bare(desk: Desk) -> None:
    full, bare = a_connection_draft(), ConnectionDraft(ACME, OTHER, ByIntegration(API_KEY), NOON, NOON)

    await desk.given(full, bare)

    assert await desk.reader.by_ids(ConnectionDraft, ACME, [DRAFT, OTHER]) == {DRAFT: full, OTHER: bare}
    async with desk.store.transaction(GLOBEX) as tx:
        assert await tx.row(ConnectionDraft, DRAFT) is None


async def test_a_pin_that_was_registered_with_comes_back_and_goes(desk: Desk) -> None:
    await desk.given(a_registration())

    async with desk.store.transaction(ACME) as tx:
        assert await tx.row(Registration, NUMBER) == a_registration()
        tx.save(replace(a_registration(), pin="another"))
        assert await tx.row(Registration, NUMBER) == replace(a_registration(), pin="another")
        tx.remove(a_registration())
        assert await tx.row(Registration, NUMBER) is None


async def test_a_channels_profile_comes_back(desk: Desk) -> None:
    profile = BusinessProfile("Zażółć", "RETAIL", "About", "More", "a@a.example", ("https://a.example",), "Here")
    full = replace(a_channel(), profile=profile)

    await desk.given(full)

    async with desk.store.transaction(ACME) as tx:
        assert await tx.row(Channel, CHANNEL) == full
