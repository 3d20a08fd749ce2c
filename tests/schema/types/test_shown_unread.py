"""What a use case returned is shown without reading it again; whatever else is selected is asked for once."""

from collections import Counter

import pytest

from schema.engine.values import ids
from tests.builders import THREAD, TICKET, USER
from tests.schema.desk import JSON, counted
from tests.schema.types.test_mutations import HELLO, a_desk_in_session

THREAD_ID, TICKET_ID, USER_ID = ids.THREAD.encode(THREAD), ids.TICKET.encode(TICKET), ids.USER.encode(USER)


@pytest.mark.parametrize(
    ("mutation", "input", "selected", "reads"),
    [
        ("threadClose", {"threadId": THREAD_ID}, "thread { status }", {}),
        ("threadClose", {"threadId": THREAD_ID}, "thread { ticket { status } }", {"by_ids Ticket": 1}),
        ("ticketAssign", {"ticketId": TICKET_ID, "ownerId": USER_ID}, "ticket { status }", {}),
        (
            "ticketAssign",
            {"ticketId": TICKET_ID, "ownerId": USER_ID},
            "ticket { owner { name } thread { status } }",
            {"by_ids User": 1, "by_ids Thread": 1},
        ),
        ("messageSend", HELLO, "message { content { preview: __typename } } messages { status }", {}),
        ("messageSend", HELLO, "message { thread { lastMessage { status } } }", {"by_ids Thread": 1}),
    ],
)
async def test_a_payload_asks_only_for_what_the_use_case_did_not_return(
    mutation: str, input: JSON, selected: str, reads: dict[str, int]
) -> None:
    watched, reader = counted(await a_desk_in_session())
    document = (
        f"mutation($input: {mutation[0].upper()}{mutation[1:]}Input!) {{ {mutation}(input: $input) {{ {selected} }} }}"
    )

    await watched.ask(document, {"input": input})

    assert reader.calls == Counter(reads)


async def test_a_second_mutation_of_the_same_document_shows_what_it_left() -> None:
    watched, _ = counted(await a_desk_in_session())
    document = """
    mutation($input: ThreadCloseInput!, $again: ThreadReopenInput!) {
      closed: threadClose(input: $input) { thread { status } }
      opened: threadReopen(input: $again) { thread { status } }
      closedAgain: threadClose(input: $input) { thread { status } }
    }"""

    answer = await watched.ask(document, {"input": {"threadId": THREAD_ID}, "again": {"threadId": THREAD_ID}})

    assert [each["thread"]["status"] for each in answer.values()] == ["CLOSED", "OPEN", "CLOSED"]
