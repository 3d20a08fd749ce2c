"""To Meta's sign-in and back by redirects: whose the draft is that comes of it, and what a browser is told."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from starlette.applications import Starlette

from adapters.whatsapp.client import CloudApi, http_client
from adapters.whatsapp.onboarding import SignInApp
from adapters.whatsapp.simulator import Simulator, SimulatorOptions, simulator_app
from api.http.browsers.sign_up import PATH, SignUp
from domain.channels.drafts import SIGN_IN_WITHIN, ConnectionDraft
from domain.errors import Unavailable
from domain.people.actors import Role
from domain.people.callers import Caller
from domain.people.organizations import User
from domain.ports.bundle import Ports
from domain.ports.directory import DirectoryEntry
from domain.use_cases.people.access import SignedIn, SignInAsked, sign_in
from schema.engine.values import ids
from schema.engine.values.cursors import Cursors
from schema.execution import Engine
from schema.schema import schema
from tests.api.memory_desk import memory_ports
from tests.builders import ACME, FixedClock, a_user, an_organization

APP = SignInApp("300000000000001", ("simulator-secret",), "77", f"https://desk.example{PATH}", "http://sim.example")
WORD = "correct horse battery staple"


@dataclass
class Door:
    ports: Ports
    clock: FixedClock
    browser: httpx.AsyncClient  # follows nothing: each step is looked at
    token: str

    async def begin(self, token: str | None = None) -> httpx.Response:
        headers = {"authorization": f"Bearer {token or self.token}"}
        return await self.browser.post(f"https://desk.example{PATH}", headers=headers)

    async def sign_in_at_meta(self, **form: str) -> str:
        """Where Meta sends the browser."""
        url = (await self.begin()).json()["url"]
        answer = await self.browser.post(url, data={"answer": "yes", "account": "100000000000001", **form})
        assert answer.status_code == 303
        return answer.headers["location"]

    async def drafts(self) -> list[ConnectionDraft]:
        return await self.ports.reader.all_of(ConnectionDraft, ACME, "created_at")


@asynccontextmanager
async def a_door(role: Role = Role.ADMIN, app: SignInApp | None = APP) -> AsyncGenerator[Door, None]:
    clock = FixedClock()
    sim = Simulator(SimulatorOptions(clock=lambda: clock.now().timestamp()))
    network = httpx.ASGITransport(simulator_app(sim))
    ports = memory_ports(clock=clock)
    async with sim.running(), http_client(network) as graph:
        ports = replace(ports, network=CloudApi("http://sim.example", "v26.0", graph, ports.ids, app))
        user = replace(a_user(role=role), password_hash=await ports.passwords.hash(WORD))
        async with ports.store.transaction(ACME) as tx:
            tx.save(an_organization(), user)
            await tx.enlist(DirectoryEntry.ORGANIZATION, "acme", ACME)
            await tx.enlist(DirectoryEntry.EMAIL, user.email, user.id)
        signed_in = await sign_in(ports, SignInAsked(user.email, WORD, Caller("203.0.113.7", "203.0.113.7")))
        assert isinstance(signed_in, SignedIn)
        desk = Starlette(routes=SignUp(ports, Engine(schema, ports, Cursors(b"secret"))).routes())
        mounts = {"https://desk.example": httpx.ASGITransport(desk), "http://sim.example": network}
        async with httpx.AsyncClient(mounts=mounts) as browser:
            yield Door(ports, clock, browser, signed_in.token)


async def test_an_administrator_signs_in_at_meta_and_comes_back_to_the_page_with_a_draft() -> None:
    async with a_door() as door:
        begun = (await door.begin()).json()
        back = await door.sign_in_at_meta()

        answer = await door.browser.get(back)

        [draft] = [each for each in await door.drafts() if each.is_good(door.clock.now())]
        assert (answer.status_code, answer.headers["location"]) == (
            303,
            f"/#/connect/{ids.CONNECTION_DRAFT.encode(draft.id)}",
        )
        assert answer.headers["cache-control"] == "no-store"
        assert draft.author == a_user().id or draft.accounts
        assert [each.facts.name for each in draft.accounts] == ["Acme"]
        assert begun["draftId"] != ids.CONNECTION_DRAFT.encode(draft.id), "each sign-in is one of its own"


async def test_the_way_back_is_open_once() -> None:
    async with a_door() as door:
        back = await door.sign_in_at_meta()
        await door.browser.get(back)

        again = await door.browser.get(back)

        assert again.headers["location"] == "/#/connect?refused=INVALID"


async def test_who_says_no_or_comes_late_is_told_so() -> None:
    async with a_door() as door:
        said_no = await door.browser.get(await door.sign_in_at_meta(answer="no"))
        back = await door.sign_in_at_meta()
        door.clock.advance(SIGN_IN_WITHIN)
        late = await door.browser.get(back)

        assert {said_no.headers["location"], late.headers["location"]} == {"/#/connect?refused=INVALID"}
        assert all(each.access_token is None for each in await door.drafts())


async def test_who_is_no_administrator_any_more_gets_no_draft() -> None:
    async with a_door() as door:
        back = await door.sign_in_at_meta()
        async with door.ports.store.transaction(ACME) as tx:
            user = await tx.row(User, a_user().id)
            assert user is not None
            tx.save(replace(user, role=Role.AGENT))

        answer = await door.browser.get(back)

        assert answer.headers["location"] == "/#/connect?refused=FORBIDDEN"


@pytest.mark.parametrize("query", ["", "?state=x&code=y", f"?state={'x' * 5000}&code=y", f"?state=x&code={'y' * 5000}"])
async def test_whatever_else_comes_is_sent_to_the_page_and_nothing_is_exchanged(query: str) -> None:
    async with a_door() as door:
        answer = await door.browser.get(f"https://desk.example{PATH}{query}")

        assert answer.headers["location"] == "/#/connect?refused=INVALID"


async def test_nobody_begins_without_a_token() -> None:
    async with a_door() as door:
        assert (await door.begin("ds_unknown")).status_code == 401
        assert await door.drafts() == []


@pytest.mark.parametrize(
    ("role", "app", "code"),
    [(Role.AGENT, APP, "FORBIDDEN"), (Role.ADMIN, None, "CHANNEL_UNAVAILABLE")],
)
async def test_who_may_not_or_can_not_sign_in_is_told_why(role: Role, app: SignInApp | None, code: str) -> None:
    async with a_door(role, app) as door:
        assert (await door.begin()).json()["error"]["code"] == code


async def test_a_store_that_is_away_says_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async with a_door() as door:
        back = await door.sign_in_at_meta()

        def away(*_: object) -> object:
            raise Unavailable

        monkeypatch.setattr(type(door.ports.store), "transaction", away)

        assert (await door.begin()).status_code == 503
        assert (await door.browser.get(back)).headers["location"] == "/#/connect?refused=TRY_LATER"
        assert urlsplit(back).path == PATH


async def test_only_the_browser_that_began_comes_back() -> None:
    """Whoever is sent the address of somebody else's sign-in does not hand over their own numbers by it."""
    async with a_door() as door:
        back = await door.sign_in_at_meta()
        kept = dict(door.browser.cookies)
        door.browser.cookies.clear()

        stranger = await door.browser.get(back)
        door.browser.cookies.update({name: "0" * 64 for name in kept})
        guessed = await door.browser.get(back)

        assert {stranger.headers["location"], guessed.headers["location"]} == {"/#/connect?refused=INVALID"}
        assert all(each.access_token is None for each in await door.drafts())
        door.browser.cookies.clear()
        door.browser.cookies.update(kept)
        assert (await door.browser.get(back)).headers["location"].startswith("/#/connect/"), "it was not used up"


async def test_the_mark_of_a_sign_in_is_for_its_way_back_alone_and_ends_with_it() -> None:
    async with a_door() as door:
        begun = await door.begin()

        said = begun.headers["set-cookie"]
        [state] = parse_qs(urlsplit(str(begun.json()["url"])).query)["state"]

        assert {"HttpOnly", f"Path={PATH}", "SameSite=lax", "Secure", "Max-Age=900"} <= set(said.split("; "))
        assert state not in said


async def test_several_sign_ins_of_one_browser_all_come_back() -> None:
    async with a_door() as door:
        ways = [await door.sign_in_at_meta() for _ in range(3)]

        answers = [await door.browser.get(back) for back in ways]

        assert all(each.headers["location"].startswith("/#/connect/") for each in answers)
