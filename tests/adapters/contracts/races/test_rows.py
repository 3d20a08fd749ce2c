"""Every "first look, then write": numbers, people, contacts, threads, tickets, files and names, each raced by many."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime

from domain.channels.channels import NUMBERS_PER_ACCOUNT, Channel
from domain.channels.template_drafts import TemplateDraft
from domain.channels.templates import Template, TemplateCategory
from domain.conversations.library import LibraryItem, LibraryItemKind
from domain.conversations.messages import Message
from domain.error_codes import ErrorCode
from domain.errors import Refused
from domain.files.media import Media
from domain.files.rules import MediaKind
from domain.ids import BusinessAccountId, LibraryItemId, MediaId, OrganizationId, PhoneNumberId, TeamId, TemplateId
from domain.people.actors import Actor, Role, Scope
from domain.people.callers import Caller
from domain.people.organizations import User
from domain.people.teams import TEAMS_LIMIT, Team
from domain.ports.bundle import Ports
from domain.ports.directory import DirectoryEntry
from domain.ports.network import Failed
from domain.ports.reads import PageAsk, TemplateAsk
from domain.ports.system import Ids
from domain.updates import MessageReceived, Outcome, UpdateRecord
from domain.use_cases.channels.connect import ConnectChannel, connect_channel
from domain.use_cases.channels.template_review import CreateTemplate, create_template
from domain.use_cases.channels.templates import sync_templates
from domain.use_cases.contacts.contacts import UpdateContact, update_contact
from domain.use_cases.conversations.library import CreateItem, UpdateItem, create_item, delete_item, update_item
from domain.use_cases.conversations.threads import close_thread, reopen_thread
from domain.use_cases.desk.tickets import AssignTicket, assign_ticket
from domain.use_cases.files.prepare import PrepareMedia, prepare_media, take_upload
from domain.use_cases.inbound.receive import receive
from domain.use_cases.outbound.react import React, react
from domain.use_cases.outbound.sending.send import SendTemplate, send_template
from domain.use_cases.outbound.sending.start import Started, StartThread, start_thread
from domain.use_cases.people.access import SignedIn, SignInAsked, authenticate, sign_in, sign_out
from domain.use_cases.people.bootstrap import Bootstrap, Bootstrapped, bootstrap
from domain.use_cases.people.people import CreateApiKey, CreateUser, create_api_key, create_user, revoke_api_key
from domain.use_cases.people.teams import CreateTeam, UpdateTeam, create_team, delete_team, update_team
from tests.adapters.contracts.races.races import CALLERS, ROUNDS, Course
from tests.builders import (
    ACME,
    DAY,
    GLOBEX,
    TEMPLATE,
    USER,
    a_person,
    a_team,
    a_template,
    a_user,
    an_id,
    an_organization,
)
from tests.domain.one_desk import ADMIN, AGENT, HELLO, TOKEN, a_user_as, granted
from tests.domain.standins import Network, a_number
from tests.due import due_sends

PDF = b"%PDF-1.4\n%%EOF\n"
EVERYTHING = PageAsk(1000)


class Reading(Network):
    """As the network is read: each time its templates get ids that are new."""

    def __init__(self, ids: Ids) -> None:
        super().__init__()
        self._ids = ids

    async def templates(
        self, token: str, organization: OrganizationId, account: BusinessAccountId, now: datetime
    ) -> list[Template] | Failed:
        told = await super().templates(token, organization, account, now)
        return [replace(each, id=TemplateId(self._ids.new())) for each in told] if isinstance(told, list) else told


def reading(course: Course) -> tuple[Course, Reading]:
    network = Reading(course.desk.ids)
    return replace(course, processes=[replace(ports, network=network) for ports in course.processes]), network


def codes(answers: Sequence[object]) -> set[ErrorCode]:
    return {answer.code for answer in answers if isinstance(answer, Refused)}


# Numbers, accounts, templates


def asking(account: str, number: str) -> ConnectChannel:
    return ConnectChannel(True, TOKEN, BusinessAccountId(account), PhoneNumberId(number))


async def test_an_account_never_has_more_numbers_than_it_may(course: Course) -> None:
    course, network = reading(course)
    desk = course.desk
    for number in range(ROUNDS):
        account = str(1000 + number)
        numbers = [f"{account}{caller:03}" for caller in range(CALLERS)]
        network.its_numbers = [a_number(PhoneNumberId(each)) for each in numbers]
        network.its_templates = [a_template(name=f"{account}_{each}") for each in range(3)]

        async def connect(ports: Ports, caller: int, account: str = account, numbers: list[str] = numbers) -> object:
            return await connect_channel(ports, ADMIN, asking(account, numbers[caller]))

        answers = await course.run(connect)

        assert sum(isinstance(answer, Channel) for answer in answers) == NUMBERS_PER_ACCOUNT
        assert codes(answers) == {ErrorCode.TOO_MANY_NUMBERS}
        ask = TemplateAsk(EVERYTHING, account=BusinessAccountId(account))
        assert len((await desk.ports.reader.templates(ACME, ask)).rows) == 3


async def test_a_number_is_connected_once_in_one_organization(course: Course) -> None:
    course, network = reading(course)
    desk = course.desk
    await desk.given(an_organization(GLOBEX, name="Globex"), a_user(organization=GLOBEX))
    owners = (ADMIN, a_user_as(Role.ADMIN, GLOBEX))
    for number in range(ROUNDS):
        wanted = str(5000 + number)
        network.its_numbers = [a_number(PhoneNumberId(wanted))]

        async def connect(ports: Ports, caller: int, wanted: str = wanted) -> object:
            return await connect_channel(ports, owners[caller % 2], asking(wanted, wanted))

        answers = await course.run(connect)

        assert sum(isinstance(answer, Channel) for answer in answers) == 1
        assert codes(answers) == {ErrorCode.CHANNEL_ALREADY_CONNECTED, ErrorCode.NUMBER_LINKED_ELSEWHERE}
        ((_, organization, _),) = await desk.ports.directory.find(DirectoryEntry.NUMBER, [wanted])
        for owner in (ACME, GLOBEX):
            own = [
                each
                for each in await desk.ports.reader.all_of(Channel, owner, "created_at")
                if each.phone_number_id == wanted
            ]
            assert len(own) == (owner == organization)


async def test_templates_that_many_read_and_make_at_once_are_kept_once(course: Course) -> None:
    course, network = reading(course)
    desk = course.desk
    channel = await desk.channel()
    for number in range(ROUNDS):
        draft_name = f"made_{number}"
        network.its_templates = [
            *network.its_templates,
            a_template(name=f"read_{number}", network_id=f"read-{number}"),
        ]
        draft = TemplateDraft(draft_name, "en_US", TemplateCategory.UTILITY, "Your order has left.")

        async def make(ports: Ports, caller: int, draft: TemplateDraft = draft) -> object:
            if caller % 2:
                return await sync_templates(ports, ADMIN, channel.id)
            return await create_template(ports, ADMIN, CreateTemplate(channel.id, draft))

        await course.run(make)

    rows = (await desk.ports.reader.templates(ACME, TemplateAsk(EVERYTHING, account=channel.account))).rows
    names = [(each.name, each.language) for each in rows]
    assert len(names) == len(set(names)) >= 2 * ROUNDS


# People


async def test_an_address_has_one_person_in_an_organization_and_a_name_one_organization(course: Course) -> None:
    for number in range(ROUNDS):

        async def create(ports: Ports, _: int, email: str = f"bo{number}@acme.example") -> object:
            return await create_user(ports, ADMIN, CreateUser("Bo", email, Role.AGENT, None))

        async def begin(ports: Ports, caller: int, name: str = f"New {number}") -> object:
            name = name.upper() if caller % 2 else name
            return await bootstrap(ports, Bootstrap(name, "ada@new.example", "a-long-password-of-hers"))

        for call, kind in ((create, User), (begin, Bootstrapped)):
            answers = await course.run(call)
            assert sum(isinstance(answer, kind) for answer in answers) == 1, answers
            assert codes(answers) == {ErrorCode.CONFLICT}


async def test_sign_ins_and_keys_begin_each_for_itself_and_end_once(course: Course) -> None:
    desk = course.desk
    password = "a-long-password-of-hers"
    created = granted(await create_user(desk.ports, ADMIN, CreateUser("Bo", "bo@acme.example", Role.AGENT, password)))

    async def begin(ports: Ports, caller: int) -> object:
        return await sign_in(ports, SignInAsked(created.email, password, Caller(f"192.0.2.{caller}")))

    signed_in = [answer for answer in await course.run(begin, 8) if isinstance(answer, SignedIn)]
    assert len({each.token for each in signed_in}) == 8
    for each in signed_in[:ROUNDS]:
        actor = await authenticate(desk.ports, each.token)
        assert actor is not None

        async def end(ports: Ports, _: int, actor: Actor = actor) -> object:
            return await sign_out(ports, actor)

        assert set(await course.run(end)) == {None}
        assert await authenticate(desk.ports, each.token) is None
    made = granted(await create_api_key(desk.ports, ADMIN, CreateApiKey("a program", (Scope.ADMIN,), None)))

    async def revoke(ports: Ports, _: int) -> object:
        return await revoke_api_key(ports, ADMIN, made.api_key.id)

    assert len({repr(answer) for answer in await course.run(revoke)}) == 1
    assert await authenticate(desk.ports, made.secret) is None


async def test_a_name_has_one_team_and_an_organization_no_more_than_it_may(course: Course) -> None:
    desk = course.desk
    for number in range(ROUNDS):

        async def create(ports: Ports, caller: int, name: str = f"Team {number}") -> object:
            return await create_team(ports, ADMIN, CreateTeam(name.upper() if caller % 2 else name))

        answers = await course.run(create)
        assert sum(isinstance(answer, Team) for answer in answers) == 1, answers
        assert codes(answers) == {ErrorCode.CONFLICT}

    two = [granted(await create_team(desk.ports, ADMIN, CreateTeam(f"Old {number}"))) for number in range(2)]

    async def rename(ports: Ports, caller: int) -> object:
        return await update_team(ports, ADMIN, UpdateTeam(two[caller % 2].id, name="New"))

    answers = await course.run(rename)
    assert len({answer.id for answer in answers if isinstance(answer, Team)}) == 1
    assert codes(answers) == {ErrorCode.CONFLICT}

    there = len(await desk.ports.reader.all_of(Team, ACME))
    await desk.given(
        *(a_team(TeamId(an_id(each)), name=f"Full {each}") for each in range(TEAMS_LIMIT - there - CALLERS // 2))
    )

    async def fill(ports: Ports, caller: int) -> object:
        return await create_team(ports, ADMIN, CreateTeam(f"Late {caller}"))

    answers = await course.run(fill)
    assert sum(isinstance(answer, Team) for answer in answers) == CALLERS // 2
    assert codes(answers) == {ErrorCode.INVALID}


async def test_a_team_that_is_dissolved_meanwhile_stays_dissolved(course: Course) -> None:
    desk = course.desk
    for number in range(ROUNDS):
        team = granted(await create_team(desk.ports, ADMIN, CreateTeam(f"Team {number}")))

        async def work(ports: Ports, caller: int, team: Team = team) -> object:
            if caller % 2:
                return await delete_team(ports, ADMIN, team.id)
            return await update_team(ports, ADMIN, UpdateTeam(team.id, name=f"Renamed {caller}"))

        assert codes(await course.run(work)) <= {ErrorCode.NOT_FOUND}

    assert await desk.ports.reader.all_of(Team, ACME) == []


# Contacts, threads, tickets


async def test_a_new_person_has_one_contact_thread_and_ticket_however_many_tell_of_them(course: Course) -> None:
    desk = course.desk
    for number in range(ROUNDS):
        person = a_person(f"55119876{number:05}", business_scoped_id=f"BR.{number}")
        told = [desk.message(f"Hello {caller}", by=person) for caller in range(CALLERS)]

        async def tell(ports: Ports, caller: int, told: list[MessageReceived] = told) -> list[UpdateRecord]:
            return await receive(ports, ACME, [told[caller]])

        await course.run(tell)

    contacts = (await desk.ports.reader.contacts(ACME, EVERYTHING, None)).rows
    assert len(contacts) == len(await desk.threads()) == len(await desk.tickets()) == ROUNDS
    assert sorted(each.number for each in await desk.tickets()) == list(range(1, ROUNDS + 1))
    for thread in await desk.threads():
        assert thread.unread_count == len(await desk.messages(thread.id)) == CALLERS


async def test_a_message_that_many_bring_comes_once(course: Course) -> None:
    desk = course.desk
    for number in range(ROUNDS):
        told = [desk.message("Hello", wamid=f"wamid.once-{number}") for _ in range(CALLERS)]

        async def tell(ports: Ports, caller: int, told: list[MessageReceived] = told) -> UpdateRecord:
            [record] = await receive(ports, ACME, [told[caller]])
            return record

        outcomes = [record.outcome for record in await course.run(tell)]
        assert (outcomes.count(Outcome.APPLIED), outcomes.count(Outcome.DUPLICATE)) == (1, CALLERS - 1)

    assert len(await desk.messages()) == ROUNDS


async def test_a_person_written_in_two_forms_and_heard_of_meanwhile_is_one(course: Course) -> None:
    desk = course.desk
    channel = (await desk.channel()).id
    for number in range(ROUNDS):
        old, new = f"52{5512345000 + number}", f"521{5512345000 + number}"
        asked = [StartThread(channel, number=f"+{form}", template=TEMPLATE, values=HELLO) for form in (old, new)]
        told = [desk.message("Hello", by=a_person(new)) for _ in range(CALLERS)]

        async def begin(
            ports: Ports, caller: int, asked: list[StartThread] = asked, told: list[MessageReceived] = told
        ) -> object:
            if caller % 3 == 2:
                return await receive(ports, ACME, [told[caller]])
            return await start_thread(ports, AGENT, asked[caller % 3])

        started = [answer for answer in await course.run(begin) if isinstance(answer, Started)]
        assert len({each.thread.id for each in started}) == 1
        assert sum(not each.existing for each in started) <= 1

    contacts = (await desk.ports.reader.contacts(ACME, EVERYTHING, None)).rows
    assert len(contacts) == len(await desk.threads()) == len(await desk.tickets()) == ROUNDS


async def test_a_thread_and_its_ticket_are_closed_and_handed_over_once(course: Course) -> None:
    desk = course.desk
    await desk.wrote()
    thread, ticket = await desk.thread(), await desk.ticket()
    for _ in range(ROUNDS):

        async def close(ports: Ports, _: int) -> object:
            return await close_thread(ports, AGENT, thread.id)

        async def reopen(ports: Ports, _: int) -> object:
            return await reopen_thread(ports, AGENT, thread.id)

        async def take(ports: Ports, _: int) -> object:
            return await assign_ticket(ports, AGENT, AssignTicket(ticket.id, owner=USER, expected_owner=None))

        for call, refused in (
            (close, ErrorCode.ALREADY_CLOSED),
            (reopen, ErrorCode.CONFLICT),
            (take, ErrorCode.CONFLICT),
        ):
            answers = await course.run(call)
            assert sum(not isinstance(answer, Refused) for answer in answers) == 1
            assert codes(answers) == {refused}
        granted(await assign_ticket(desk.ports, AGENT, AssignTicket(ticket.id, owner=None)))


async def test_what_people_say_of_a_contact_at_once_is_all_kept(course: Course) -> None:
    desk = course.desk
    await desk.wrote()
    contact = await desk.contact()
    for number in range(ROUNDS):
        changes = (
            UpdateContact(contact.id, name=f"Ana {number}"),
            UpdateContact(contact.id, email=f"ana{number}@example.com"),
            UpdateContact(contact.id, opted_out=True),
        )

        async def change(ports: Ports, caller: int, changes: tuple[UpdateContact, ...] = changes) -> object:
            return await update_contact(ports, AGENT, changes[caller % 3])

        await course.run(change)
        after = await desk.contact()
        assert (after.name, after.email) == (f"Ana {number}", f"ana{number}@example.com")
        assert after.opted_out_at is not None
        granted(await update_contact(desk.ports, AGENT, UpdateContact(contact.id, opted_out=False)))


# What leaves, and what it costs


async def test_our_reaction_is_one_however_many_of_us_react(course: Course) -> None:
    desk = course.desk
    message = await desk.wrote()
    for _ in range(ROUNDS):

        async def put(ports: Ports, caller: int) -> object:
            return await react(ports, AGENT, React(message.id, "👍❤😂🙏"[caller % 4]))

        assert all(isinstance(answer, Message) for answer in await course.run(put))
        assert len((await desk.message_by_id(message.id)).shown_reactions) == 1
        assert len(await due_sends(desk.ports.store, desk.clock.now(), 100)) == 1


async def test_the_last_conversation_of_the_month_is_taken_once(course: Course) -> None:
    desk = course.desk
    people = [a_person(f"48600100{number:03}") for number in range(CALLERS)]
    await receive(desk.ports, ACME, [desk.message("Hello", by=person) for person in people])
    threads = [each.id for each in await desk.threads()]
    desk.later(2 * DAY)
    for number in range(ROUNDS):
        await desk.given(an_organization(quota_limit=number + 1))

        async def send(ports: Ports, caller: int) -> object:
            return await send_template(ports, AGENT, SendTemplate(threads[caller], TEMPLATE, HELLO))

        answers = await course.run(send)
        assert sum(isinstance(answer, Message) for answer in answers) == 1
        assert (await desk.period()).used == len(await desk.entries()) == number + 1


# Files and the library


async def test_the_bytes_of_a_file_are_taken_once(course: Course) -> None:
    desk = course.desk
    for _ in range(ROUNDS):
        asked = PrepareMedia(MediaKind.DOCUMENT, "application/pdf", len(PDF))
        prepared = granted(await prepare_media(desk.ports, AGENT, asked))

        async def upload(ports: Ports, _: int, id: MediaId = prepared.id) -> object:
            return await take_upload(ports, ACME, id, in_pieces(PDF), None)

        answers = await course.run(upload)
        assert sum(isinstance(answer, Media) for answer in answers) == 1
        assert codes(answers) == {ErrorCode.CONFLICT}
    assert len(desk.files.kept_names) == ROUNDS


async def test_a_library_item_changes_for_all_who_change_it_and_goes_once(course: Course) -> None:
    desk = course.desk
    for number in range(ROUNDS):
        item = granted(
            await create_item(desk.ports, ADMIN, CreateItem(LibraryItemKind.SNIPPET, "Hello", "How are you?"))
        )
        changes = (UpdateItem(item.id, title=f"Title {number}"), UpdateItem(item.id, body=f"Body {number}"))

        async def change(ports: Ports, caller: int, changes: tuple[UpdateItem, ...] = changes) -> object:
            return await update_item(ports, ADMIN, changes[caller % 2])

        async def delete(ports: Ports, _: int, id: LibraryItemId = item.id) -> object:
            return await delete_item(ports, ADMIN, id)

        await course.run(change)
        gone = [answer for answer in await course.run(delete) if isinstance(answer, LibraryItem)]
        assert [(each.title, each.body) for each in gone] == [(f"Title {number}", f"Body {number}")]


async def in_pieces(data: bytes) -> AsyncIterator[bytes]:
    yield data
