import pytest

from domain.ids import OrganizationId
from domain.rows import Row
from schema.context import Context


@pytest.fixture(autouse=True)
def what_is_shown_unread_is_as_it_is_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a use case returned is shown without reading it again: so every one of them returns what it left behind."""
    read_on = Context.read_on

    async def compared(context: Context, organization: OrganizationId, *committed: Row) -> None:
        async with context.ports.store.transaction(organization) as tx:
            for row in committed:
                stored = await tx.by_ids(type(row), [row.id])
                assert stored == {row.id: row}, "a use case returned what is not stored"
        await read_on(context, organization, *committed)

    monkeypatch.setattr(Context, "read_on", compared)
