"""Tickets handed over, changed, closed and reopened; their thread with them where they are its newest."""

import asyncio
from dataclasses import replace

import pytest

from domain.channels.channels import Channel
from domain.conversations.threads import ThreadStatus
from domain.error_codes import ErrorCode
from domain.errors import Refusal, Refused
from domain.events import ThreadChanged, TicketChanged
from domain.ids import TeamId, TicketId, UserId
from domain.people.actors import Actor, Role, Scope
from domain.people.organizations import NAME_LIMIT, SKILLS_LIMIT
from domain.tickets import Property, ReopenPolicy, Ticket, TicketPriority, TicketStatus
from domain.use_cases.conversations.threads import AssignThread, assign_thread
from domain.use_cases.desk.tickets import (
    PROPERTIES_LIMIT,
    PROPERTY_NAME_LIMIT,
    PROPERTY_VALUE_LIMIT,
    AssignTicket,
    UpdateTicket,
    assign_ticket,
    close_ticket,
    reopen_ticket,
    unassign_ticket,
    update_ticket,
)
from tests.builders import GLOBEX, HOUR, NOON, TEAM, USER, a_user, an_id, an_organization
from tests.domain.one_desk import (
    AGENT,
    MAY_WORK,
    READER,
    Desk,
    a_key_for,
    a_user_as,
    granted,
    open_desk,
    refusal_of,
    refused_as,
)

GRACE = UserId(an_id(11))
NEW, WAITING_ON_US = TicketStatus.NEW, TicketStatus.WAITING_ON_US
WAITING_ON_CONTACT, CLOSED = TicketStatus.WAITING_ON_CONTACT, TicketStatus.CLOSED


@pytest.fixture
async def desk() -> Desk:
    """A contact wrote at noon; Ada and Grace work here."""
    desk = await open_desk()
    await desk.given(a_user(GRACE, name="Grace", email="grace@acme.example"))
    await desk.wrote()
    return desk


async def with_two_tickets(desk: Desk) -> tuple[Ticket, Ticket]:
    """The old one closed, the new one open, in one thread."""
    channel: Channel = await desk.channel()
    await desk.given(replace(channel, reopen_policy=ReopenPolicy.NEW_TICKET))
    granted(await close_ticket(desk.ports, AGENT, (await desk.ticket()).id))
    await desk.wrote("Another matter")
    old, new = await desk.tickets()
    return old, new


# Handing over


async def test_ticket_and_thread_get_one_owner_with_one_event_and_one_entry(desk: Desk) -> None:
    ticket = await desk.ticket()
    head = await desk.head()

    after = granted(await assign_ticket(desk.ports, AGENT, AssignTicket(ticket.id, owner=GRACE)))

    assert (after, after.owner, (await desk.thread()).owner) == (await desk.ticket(), GRACE, GRACE)
    assert await desk.events(head) == [
        TicketChanged(ticket.thread, ticket.id, ("owner",)),
        ThreadChanged(ticket.thread),
    ]
    assert [(each.field, each.after) for each in await desk.history(ticket)] == [("owner", GRACE)]


async def test_unassigning_takes_the_owner_from_both(desk: Desk) -> None:
    ticket = await desk.ticket()
    granted(await assign_ticket(desk.ports, AGENT, AssignTicket(ticket.id, owner=GRACE)))

    assert granted(await unassign_ticket(desk.ports, AGENT, ticket.id)).owner is None
    assert (await desk.thread()).owner is None


async def test_what_is_left_out_stays(desk: Desk) -> None:
    ticket = replace(await desk.ticket(), owner=USER, team=TEAM)
    await desk.given(ticket, replace(await desk.thread(), owner=USER, team=TEAM))

    assert granted(await assign_ticket(desk.ports, AGENT, AssignTicket(ticket.id, owner=GRACE))).team == TEAM
    without_team = granted(await assign_ticket(desk.ports, AGENT, AssignTicket(ticket.id, team=None)))
    assert (without_team.owner, without_team.team) == (GRACE, None)


async def test_an_older_ticket_is_handed_over_without_its_thread(desk: Desk) -> None:
    old, _ = await with_two_tickets(desk)
    thread = await desk.thread()

    granted(await assign_ticket(desk.ports, AGENT, AssignTicket(old.id, owner=GRACE)))

    assert await desk.thread() == thread
    assert [each.owner for each in await desk.tickets()] == [GRACE, None]


async def test_two_agents_at_once_that_expect_nobody_have_one_winner(desk: Desk) -> None:
    ticket = await desk.ticket()
    ask = AssignTicket(ticket.id, expected_owner=None)

    answers = await asyncio.gather(
        assign_ticket(desk.ports, AGENT, replace(ask, owner=USER)),
        assign_ticket(desk.ports, AGENT, replace(ask, owner=GRACE)),
    )

    assert [isinstance(answer, Ticket) for answer in answers] == [True, False]
    assert refusal_of(answers[1]) == Refused(
        ErrorCode.CONFLICT, "Somebody else assigned it in the meantime.", ("expectedOwnerId",)
    )
    assert (await desk.ticket()).owner == (await desk.thread()).owner == USER


async def test_by_ticket_and_by_thread_at_once_they_stay_one(desk: Desk) -> None:
    ticket = await desk.ticket()

    for _ in range(10):
        await asyncio.gather(
            assign_ticket(desk.ports, AGENT, AssignTicket(ticket.id, owner=USER)),
            assign_thread(desk.ports, AGENT, AssignThread(ticket.thread, owner=GRACE)),
        )
        assert (await desk.ticket()).owner == (await desk.thread()).owner


@pytest.mark.parametrize(
    ("ask", "code", "field"),
    [
        (AssignTicket(TicketId("?"), owner=UserId("none")), ErrorCode.NOT_FOUND, ("ownerId",)),
        (AssignTicket(TicketId("?"), owner=GRACE), ErrorCode.OWNER_UNAVAILABLE, ("ownerId",)),
        (AssignTicket(TicketId("?"), team=TeamId("none")), ErrorCode.NOT_FOUND, ("teamId",)),
        (AssignTicket(TicketId("?"), owner=USER, expected_owner=GRACE), ErrorCode.CONFLICT, ("expectedOwnerId",)),
        (AssignTicket(TicketId("?")), ErrorCode.INVALID, ("ownerId",)),
    ],
)
async def test_a_refused_handing_over_changes_nothing(
    desk: Desk, ask: AssignTicket, code: ErrorCode, field: tuple[str, ...]
) -> None:
    await desk.given(replace(a_user(GRACE, name="Grace", email="grace@acme.example"), active=False))
    ticket, before = await desk.ticket(), await desk.state()

    refusal = refusal_of(await assign_ticket(desk.ports, AGENT, replace(ask, ticket=ticket.id)))

    assert isinstance(refusal, Refused)
    assert (refusal.code, refusal.field) == (code, field)
    assert await desk.state() == before


# Closing, reopening


async def test_closing_and_reopening_does_both_with_one_event_each(desk: Desk) -> None:
    ticket = await desk.ticket()
    desk.later(HOUR)
    head = await desk.head()

    closed = granted(await close_ticket(desk.ports, AGENT, ticket.id))
    assert (closed.status, closed.closed_at) == (CLOSED, NOON + HOUR)
    assert (await desk.thread()).status is ThreadStatus.CLOSED

    opened = granted(await reopen_ticket(desk.ports, AGENT, ticket.id))
    assert (opened.status, opened.closed_at) == (WAITING_ON_US, None)
    assert (await desk.thread()).status is ThreadStatus.OPEN
    assert (
        await desk.events(head)
        == [
            TicketChanged(ticket.thread, ticket.id, ("status",)),
            ThreadChanged(ticket.thread),
        ]
        * 2
    )


async def test_what_is_closed_or_open_already_is_refused(desk: Desk) -> None:
    ticket = await desk.ticket()
    assert refused_as(await reopen_ticket(desk.ports, AGENT, ticket.id)) is ErrorCode.CONFLICT

    granted(await close_ticket(desk.ports, AGENT, ticket.id))
    assert refused_as(await close_ticket(desk.ports, AGENT, ticket.id)) is ErrorCode.ALREADY_CLOSED


async def test_of_two_who_close_at_once_one_is_told_that_it_is_closed(desk: Desk) -> None:
    ticket = await desk.ticket()

    answers = await asyncio.gather(*(close_ticket(desk.ports, AGENT, ticket.id) for _ in range(2)))

    assert [isinstance(answer, Ticket) for answer in answers] == [True, False]
    assert len(await desk.history(ticket)) == 1


async def test_an_old_ticket_is_not_reopened_beside_a_newer_one(desk: Desk) -> None:
    old, new = await with_two_tickets(desk)

    for answer in (
        await reopen_ticket(desk.ports, AGENT, old.id),
        await update_ticket(desk.ports, AGENT, UpdateTicket(old.id, status=WAITING_ON_US)),
    ):
        assert answer == Refused(ErrorCode.CONFLICT, "The thread has a newer ticket.", ("ticketId",))
    assert [each.id for each in await desk.tickets() if each.is_open] == [new.id]


# Changing


async def update(desk: Desk, ask: UpdateTicket) -> Ticket | Refusal:
    return await update_ticket(desk.ports, AGENT, replace(ask, ticket=(await desk.ticket()).id))


ANY = TicketId("the desk's only one")


async def test_what_is_named_changes_with_an_entry_each_and_one_event(desk: Desk) -> None:
    ticket, thread = await desk.ticket(), await desk.thread()
    head = await desk.head()

    after = granted(
        await update(
            desk,
            UpdateTicket(
                ANY,
                subject=" Order 7 ",
                required_skills=("french",),
                priority=TicketPriority.HIGH,
                status=WAITING_ON_CONTACT,
                properties=(Property("shop", "Oslo"),),
            ),
        )
    )

    assert after == await desk.ticket()
    assert (after.subject, after.priority, after.status) == ("Order 7", TicketPriority.HIGH, WAITING_ON_CONTACT)
    assert (after.required_skills, after.properties) == (("french",), (Property("shop", "Oslo"),))
    changed = ("subject", "status", "priority", "requiredSkills", "shop")
    assert await desk.events(head) == [TicketChanged(thread.id, ticket.id, changed)]
    assert tuple(each.field for each in await desk.history(ticket)) == changed


async def test_an_update_that_names_nothing_changes_and_tells_nothing(desk: Desk) -> None:
    ticket, head = await desk.ticket(), await desk.head()

    assert granted(await update(desk, UpdateTicket(ANY))) == ticket
    assert await desk.head() == head


async def test_skills_are_kept_as_those_of_people_are(desk: Desk) -> None:
    """Each once and without blanks around it: else nobody has what is asked for."""
    after = granted(await update(desk, UpdateTicket(ANY, required_skills=(" billing", "french", "billing"))))

    assert after.required_skills == ("billing", "french")


async def test_an_explicit_nothing_clears_skills_and_properties(desk: Desk) -> None:
    skilled = UpdateTicket(ANY, required_skills=("french",), properties=(Property("shop", "Oslo"),))
    granted(await update(desk, skilled))

    after = granted(await update(desk, UpdateTicket(ANY, required_skills=None, properties=None)))

    assert (after.required_skills, after.properties) == ((), ())


async def test_properties_named_change_and_the_others_stay(desk: Desk) -> None:
    granted(await update(desk, UpdateTicket(ANY, properties=(Property("shop", "Oslo"), Property("size", "L")))))

    after = granted(await update(desk, UpdateTicket(ANY, properties=(Property("shop", None),))))

    assert after.properties == (Property("size", "L"),)


@pytest.mark.parametrize("status", [NEW, WAITING_ON_US, WAITING_ON_CONTACT])
async def test_closing_and_reopening_by_status_does_what_closing_and_reopening_do(
    desk: Desk, status: TicketStatus
) -> None:
    closed = granted(await update(desk, UpdateTicket(ANY, status=CLOSED)))
    assert (closed.closed_at, (await desk.thread()).status) == (NOON, ThreadStatus.CLOSED)

    opened = granted(await update(desk, UpdateTicket(ANY, status=status)))
    assert (opened.status, opened.closed_at) == (status, None)
    assert (await desk.thread()).status is ThreadStatus.OPEN


async def test_the_status_it_has_already_is_no_change(desk: Desk) -> None:
    granted(await update(desk, UpdateTicket(ANY, status=CLOSED)))
    head = await desk.head()

    granted(await update(desk, UpdateTicket(ANY, status=CLOSED)))

    assert await desk.head() == head


GOOD = [
    UpdateTicket(ANY, subject="x" * 200),
    UpdateTicket(ANY, required_skills=("s",) * SKILLS_LIMIT),
    UpdateTicket(ANY, required_skills=("s" * NAME_LIMIT,)),
    UpdateTicket(ANY, properties=(Property("n" * PROPERTY_NAME_LIMIT, "v" * PROPERTY_VALUE_LIMIT),)),
    UpdateTicket(ANY, properties=tuple(Property(f"n{number}", "v") for number in range(PROPERTIES_LIMIT))),
    UpdateTicket(ANY, properties=()),
]
BAD = [
    (UpdateTicket(ANY, subject=None), "subject"),
    (UpdateTicket(ANY, priority=None), "priority"),
    (UpdateTicket(ANY, status=None), "status"),
    (UpdateTicket(ANY, subject=" "), "subject"),
    (UpdateTicket(ANY, subject="x" * 201), "subject"),
    (UpdateTicket(ANY, required_skills=("s",) * (SKILLS_LIMIT + 1)), "requiredSkills"),
    (UpdateTicket(ANY, required_skills=("s" * (NAME_LIMIT + 1),)), "requiredSkills"),
    (UpdateTicket(ANY, required_skills=("french", " ")), "requiredSkills"),
    (
        UpdateTicket(ANY, properties=tuple(Property(f"n{number}", "v") for number in range(PROPERTIES_LIMIT + 1))),
        "properties",
    ),
    (UpdateTicket(ANY, properties=(Property("", "v"),)), "properties"),
    (UpdateTicket(ANY, properties=(Property("n" * (PROPERTY_NAME_LIMIT + 1), "v"),)), "properties"),
    (UpdateTicket(ANY, properties=(Property("n", "v" * (PROPERTY_VALUE_LIMIT + 1)),)), "properties"),
]


@pytest.mark.parametrize("ask", GOOD)
async def test_values_up_to_their_limits_are_taken(desk: Desk, ask: UpdateTicket) -> None:
    assert isinstance(await update(desk, ask), Ticket)


@pytest.mark.parametrize(("ask", "field"), BAD)
async def test_values_beyond_their_limits_are_refused_by_name(desk: Desk, ask: UpdateTicket, field: str) -> None:
    before = await desk.state()

    refusal = refusal_of(await update(desk, ask))

    assert isinstance(refusal, Refused)
    assert (refusal.code, refusal.field) == (ErrorCode.INVALID, (field,))
    assert await desk.state() == before


# Who may


@pytest.mark.parametrize("actor", [*MAY_WORK, a_key_for(Scope.TICKETS), a_key_for(Scope.ADMIN)])
async def test_who_may_work_with_tickets_does(desk: Desk, actor: Actor) -> None:
    id = (await desk.ticket()).id

    granted(await assign_ticket(desk.ports, actor, AssignTicket(id, owner=GRACE)))
    granted(await unassign_ticket(desk.ports, actor, id))
    granted(await update_ticket(desk.ports, actor, UpdateTicket(id, subject="Order 7")))
    granted(await close_ticket(desk.ports, actor, id))
    granted(await reopen_ticket(desk.ports, actor, id))

    assert {each.by for each in await desk.history(await desk.ticket())} == {actor.author}


async def every_verb(desk: Desk, actor: Actor, id: TicketId) -> list[Ticket | Refusal]:
    return [
        await assign_ticket(desk.ports, actor, AssignTicket(id, owner=None)),
        await unassign_ticket(desk.ports, actor, id),
        await update_ticket(desk.ports, actor, UpdateTicket(id)),
        await close_ticket(desk.ports, actor, id),
        await reopen_ticket(desk.ports, actor, id),
    ]


@pytest.mark.parametrize("actor", [READER, a_key_for(Scope.READ), a_key_for(Scope.MESSAGES)])
async def test_who_may_not_changes_nothing(desk: Desk, actor: Actor) -> None:
    before = await desk.state()

    for answer in await every_verb(desk, actor, (await desk.ticket()).id):
        assert refused_as(answer) is ErrorCode.FORBIDDEN
    assert await desk.state() == before


async def test_a_ticket_of_another_organization_is_as_unknown_as_none(desk: Desk) -> None:
    await desk.given(an_organization(GLOBEX, name="Globex"))
    ticket = await desk.ticket()
    unknown = Refused(ErrorCode.NOT_FOUND, "There is no such ticket.", ("ticketId",))

    answers = [
        *await every_verb(desk, a_user_as(Role.ADMIN, GLOBEX), ticket.id),
        *await every_verb(desk, AGENT, TicketId("none")),
    ]

    assert answers == [unknown] * 10
