"""Where numbers come from: our client and the simulator, which shares no code with it, and some odd answers."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from adapters.whatsapp import onboarding
from adapters.whatsapp.answers import PROFILE_TEXT_LIMIT, WEBSITES_LIMIT
from adapters.whatsapp.client import CloudApi, http_client
from adapters.whatsapp.graph import MAX_ANSWER_BYTES, PAGE_SIZE
from adapters.whatsapp.onboarding import BUSINESSES_AT_MOST, SignInApp
from adapters.whatsapp.simulator import Simulator, SimulatorOptions, simulator_app
from domain.channels.channels import REQUIRED_PERMISSIONS
from domain.channels.numbers import AccountFacts, NumberFacts, network_obstacle
from domain.channels.profiles import BusinessProfile, ProfileChange
from domain.ids import BusinessAccountId, OrganizationId, PhoneNumberId
from domain.people.organizations import NAME_LIMIT
from domain.ports.network import NotSent, Rejected, TokenFacts, Unanswered
from tests.adapters.whatsapp.test_client import ACCOUNT, NOW, NUMBER, TOKEN, Graph, always
from tests.builders import CountingIds

APP, SECRET, OWN = "300000000000001", "simulator-secret", "simulator-token"
SIM_ACCOUNT, SUPPORT = BusinessAccountId("100000000000001"), PhoneNumberId("200000000000001")
BACK = "https://desk.example.com/connect/whatsapp"
FORM = {
    "answer": "yes",
    "account": "new",
    "legalName": "Bikes Ltd.",
    "phone": "+44 20 7946 0000",
    "website": "https://bikes.example",
    "email": "desk@bikes.example",
    "country": "United Kingdom",
    "accountName": "Bikes & Parts",
    "timeZone": "Europe/London",
}


class Clock:
    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Meta:
    """Meta as the simulator plays it: what our server asks, and the browser of whoever signs in."""

    sim: Simulator
    api: CloudApi
    browser: httpx.AsyncClient
    clock: Clock

    async def signs_in(self, **form: str) -> dict[str, str]:
        """What the browser is sent back with."""
        url = self.api.sign_in_url("the-state")
        assert url is not None
        page = await self.browser.get(url)
        assert "Legal name" in page.text
        answer = await self.browser.post(url, data={**FORM, **form})
        assert answer.status_code == 303, answer.text
        back = urlsplit(answer.headers["location"])
        assert f"{back.scheme}://{back.netloc}{back.path}" == BACK
        return {name: values[0] for name, values in parse_qs(back.query).items()}

    async def control(self, method: str, path: str, body: object = None) -> httpx.Response:
        answer = await self.browser.request(method, f"http://sim.example.com/_sim{path}", json=body)
        assert answer.is_success, answer.text
        return answer


@asynccontextmanager
async def meta(**app: object) -> AsyncGenerator[Meta, None]:
    clock = Clock()
    sim = Simulator(SimulatorOptions(clock=clock, app_secret=SECRET))
    network = httpx.ASGITransport(simulator_app(sim))
    ours = replace(SignInApp(APP, (SECRET,), "77", BACK, "http://sim.example.com"), **app)
    async with sim.running(), http_client(network) as graph, httpx.AsyncClient(transport=network) as browser:
        yield Meta(sim, CloudApi("http://sim.example.com", "v26.0", graph, CountingIds(), ours), browser, clock)


# Signing in


async def test_a_business_that_is_made_at_the_sign_in_is_reached_with_its_token() -> None:
    async with meta() as network:
        told = await network.signs_in()
        assert told["state"] == "the-state"

        token = await network.api.exchanged(told["code"])

        assert isinstance(token, str)
        facts = await network.api.token_facts(token)
        assert isinstance(facts, TokenFacts)
        assert (facts.valid, facts.app_id, facts.permissions) == (True, APP, frozenset(REQUIRED_PERMISSIONS))
        [account] = facts.accounts[REQUIRED_PERMISSIONS[0]]
        assert await network.api.accounts_reached(token) == [account]
        assert await network.api.account_facts(token, account) == AccountFacts(account, "Bikes & Parts", verified=False)
        assert await network.api.numbers(token, account) == []
        made = network.sim.world.accounts[account]
        assert (made.legal_name, made.phone, made.website) == (
            "Bikes Ltd.",
            "+44 20 7946 0000",
            "https://bikes.example",
        )
        assert (made.email, made.country, made.time_zone) == ("desk@bikes.example", "United Kingdom", "Europe/London")


async def test_an_account_that_is_there_is_chosen_and_no_other_is_reached() -> None:
    async with meta() as network:
        other = await network.api.exchanged((await network.signs_in())["code"])
        assert isinstance(other, str)

        token = await network.api.exchanged((await network.signs_in(account=SIM_ACCOUNT))["code"])

        assert isinstance(token, str)
        assert isinstance(await network.api.account_facts(token, SIM_ACCOUNT), AccountFacts)
        assert isinstance(await network.api.account_facts(other, SIM_ACCOUNT), Rejected)


async def test_a_code_is_good_once_and_for_half_a_minute() -> None:
    async with meta() as network:
        code = (await network.signs_in())["code"]
        assert isinstance(await network.api.exchanged(code), str)
        assert isinstance(await network.api.exchanged(code), Rejected)

        late = (await network.signs_in())["code"]
        network.clock.now += 30

        assert isinstance(await network.api.exchanged(late), Rejected)
        assert isinstance(await network.api.exchanged("nonsense"), Rejected)


@pytest.mark.parametrize("app", [{"app_id": "9"}, {"secrets": ("wrong",)}, {"returns_to": "https://other.example/"}])
async def test_a_code_of_another_app_or_for_another_address_is_refused(app: dict[str, object]) -> None:
    async with meta() as ours, meta(**app) as theirs:
        code = (await ours.signs_in())["code"]
        theirs.sim.signups.codes = ours.sim.signups.codes

        assert isinstance(await theirs.api.exchanged(code), Rejected)


async def test_with_several_secrets_the_one_that_fits_is_found() -> None:
    async with meta(secrets=("older", SECRET)) as network:
        assert isinstance(await network.api.exchanged((await network.signs_in())["code"]), str)


async def test_somebody_who_says_no_comes_back_without_a_code() -> None:
    async with meta() as network:
        assert "code" not in await network.signs_in(answer="no")


@pytest.mark.parametrize("lacks", [{"config_id": None}, {"returns_to": None}, {"secrets": ()}])
async def test_a_server_that_lacks_something_sends_nobody_to_sign_in(lacks: dict[str, object]) -> None:
    async with meta(**lacks) as network:
        assert network.api.sign_in_url("x") is None
        assert network.api.app_id == APP


async def test_without_an_app_no_code_is_exchanged() -> None:
    api = always(200, {"access_token": "x"}).api

    assert (api.app_id, api.sign_in_url("x")) == (None, None)
    assert isinstance(await api.exchanged("code"), Rejected)


async def test_an_exchange_without_an_answer_is_not_tried_with_another_secret() -> None:
    graph = always(502, raw=b"<html>")
    http = http_client(httpx.MockTransport(graph.take))
    api = CloudApi("https://graph.example.com", "v26.0", http, CountingIds(), SignInApp(APP, ("a", "b"), "7", BACK))

    assert isinstance(await api.exchanged("code"), Unanswered)
    assert len(graph.asked) == 1


# Numbers


async def test_a_new_number_goes_all_the_way_to_being_registered() -> None:
    async with meta() as network:
        id = await network.api.add_number(OWN, SIM_ACCOUNT, "+48601234567", "Acme Łódź")
        assert isinstance(id, str)
        number = await network.api.number(OWN, id)
        assert isinstance(number, NumberFacts)
        assert (number.phone_number, number.display_name) == ("+48601234567", "Acme Łódź")
        assert (number.may_register, number.code_verified, number.name_approved) == (True, False, True)
        assert isinstance(await network.api.register(OWN, id, "123456"), Rejected)

        assert await network.api.request_code(OWN, id, by_voice=True, language="pl") is None
        held = (await network.control("GET", f"/numbers/{id}")).json()["code"]
        assert (held["method"], held["language"]) == ("VOICE", "pl")
        assert await network.api.verify_code(OWN, id, held["code"]) is None

        verified = await network.api.number(OWN, id)
        assert isinstance(verified, NumberFacts)
        assert network_obstacle(verified) is None
        assert await network.api.register(OWN, id, "123456") is None
        registered = await network.api.number(OWN, id)
        assert isinstance(registered, NumberFacts)
        assert registered.registered is True


@pytest.mark.parametrize("wanted", ["+15550100011", "+15550100001"], ids=["of a phone", "of an account"])
async def test_a_number_that_is_taken_is_refused(wanted: str) -> None:
    async with meta() as network:
        assert isinstance(await network.api.add_number(OWN, SIM_ACCOUNT, wanted, "Acme"), Rejected)


async def test_one_that_another_provider_has_is_free_once_it_is_let_go() -> None:
    async with meta() as network:
        await network.control("PUT", "/elsewhere/48601234567", {"linked": True})
        refused = await network.api.add_number(OWN, SIM_ACCOUNT, "+48601234567", "Acme")
        assert isinstance(refused, Rejected)
        assert refused.subcode == 2388001

        await network.control("PUT", "/elsewhere/48601234567", {"linked": False})

        assert isinstance(await network.api.add_number(OWN, SIM_ACCOUNT, "+48601234567", "Acme"), str)


async def test_codes_are_sent_with_pauses_and_the_network_says_how_long() -> None:
    async with meta() as network:
        id = await network.api.add_number(OWN, SIM_ACCOUNT, "+48601234567", "Acme")
        assert isinstance(id, str)
        assert await network.api.request_code(OWN, id, by_voice=False, language="en") is None

        too_soon = await network.api.request_code(OWN, id, by_voice=False, language="en")

        assert isinstance(too_soon, Rejected)
        assert (too_soon.code, too_soon.retry_after_s) == (136024, 60)


async def test_after_three_wrong_codes_the_right_one_is_not_taken_either() -> None:
    async with meta() as network:
        id = await network.api.add_number(OWN, SIM_ACCOUNT, "+48601234567", "Acme")
        assert isinstance(id, str)
        await network.api.request_code(OWN, id, by_voice=False, language="en")
        right = network.sim.signups.number_codes[id].code
        wrong = "000000" if right != "000000" else "111111"

        answers = [await network.api.verify_code(OWN, id, code) for code in (wrong, wrong, wrong, right)]

        assert all(isinstance(answer, Rejected) and answer.code == 136025 for answer in answers)


@pytest.mark.parametrize(
    ("phone", "parts"),
    [
        ("+12125550123", ("1", "2125550123")),
        ("+74951234567", ("7", "4951234567")),
        ("+447700900155", ("44", "7700900155")),
        ("+48601234567", ("48", "601234567")),
        ("+5541988881170", ("55", "41988881170")),
        ("+3726012345", ("372", "6012345")),
        ("+8801712345678", ("880", "1712345678")),
        ("+99312345678", ("993", "12345678")),
    ],
)
async def test_a_number_is_told_by_its_countrys_code_and_the_rest(phone: str, parts: tuple[str, str]) -> None:
    graph = always(200, {"id": "5"})

    assert await graph.api.add_number(TOKEN, ACCOUNT, phone, "Acme") == "5"

    body = httpx.Response(200, content=graph.asked[0].content).json()
    assert (body["cc"], body["phone_number"]) == parts


@pytest.mark.parametrize("phone", ["+0123456789", "+999", "nonsense"])
async def test_one_that_no_country_has_leaves_nothing_for_the_network(phone: str) -> None:
    graph = always(200, {"id": "5"})

    assert isinstance(await graph.api.add_number(TOKEN, ACCOUNT, phone, "Acme"), Rejected)
    assert graph.asked == []


# Subscriptions and profiles


async def test_a_subscription_is_made_seen_and_taken_back() -> None:
    async with meta() as network:
        assert await network.api.is_subscribed(OWN, SIM_ACCOUNT, APP) is False
        assert await network.api.subscribe(OWN, SIM_ACCOUNT) is None
        assert await network.api.is_subscribed(OWN, SIM_ACCOUNT, APP) is True
        assert await network.api.is_subscribed(OWN, SIM_ACCOUNT, None) is True
        assert await network.api.is_subscribed(OWN, SIM_ACCOUNT, "another app") is False
        assert await network.api.unsubscribe(OWN, SIM_ACCOUNT) is None
        assert await network.api.is_subscribed(OWN, SIM_ACCOUNT, None) is False


async def test_a_profile_is_written_and_read_back_and_a_name_waits_for_its_review() -> None:
    async with meta() as network:
        change = ProfileChange("New name", "About", "", "RETAIL", "a@a.example", ("https://a.example",), "Here")
        assert await network.api.change_profile(OWN, SUPPORT, change) is None

        number = await network.api.number(OWN, SUPPORT)
        assert isinstance(number, NumberFacts)
        profile = await network.api.profile(OWN, number)

        assert profile == BusinessProfile(
            "Acme Support", "RETAIL", "About", None, "a@a.example", ("https://a.example",), "Here"
        )
        assert network.sim.world.numbers[SUPPORT].new_name == "New name"


async def test_a_name_alone_writes_no_profile_and_a_refused_name_none_either() -> None:
    graph = always(200, {"success": True})
    assert await graph.api.change_profile(TOKEN, NUMBER, ProfileChange(" Acme ")) is None
    assert [request.url.path for request in graph.asked] == [f"/v26.0/{NUMBER}"]

    refusing = always(400, {"error": {"code": 100, "message": "no"}})
    assert isinstance(await refusing.api.change_profile(TOKEN, NUMBER, ProfileChange("A", about="B")), Rejected)
    assert len(refusing.asked) == 1


@pytest.mark.parametrize("body", [{}, {"data": "x"}])
async def test_a_profile_that_is_none_is_not_one(body: object) -> None:
    number = NumberFacts(NUMBER, "+15550107001", "Acme")

    assert isinstance(await always(200, body).api.profile(TOKEN, number), Unanswered)
    assert await always(200, {"data": []}).api.profile(TOKEN, number) == BusinessProfile("Acme")


@pytest.mark.parametrize("step", ["exchange", "businesses", "accounts", "number", "add", "subscribed", "profile"])
async def test_html_in_the_middle_is_no_answer(step: str) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if step == "accounts" and request.url.path.endswith("/businesses"):
            return httpx.Response(200, json={"data": [{"id": "4"}, {}]})
        return httpx.Response(200, content=b"<html>")

    http = http_client(httpx.MockTransport(answer))
    api = CloudApi("https://graph.example.com", "v26.0", http, CountingIds(), SignInApp(APP, (SECRET,)))
    asked = {
        "exchange": lambda: api.exchanged("code"),
        "businesses": lambda: api.accounts_reached(TOKEN),
        "accounts": lambda: api.accounts_reached(TOKEN),
        "number": lambda: api.number(TOKEN, NUMBER),
        "add": lambda: api.add_number(TOKEN, ACCOUNT, "+48601234567", "Acme"),
        "subscribed": lambda: api.is_subscribed(TOKEN, ACCOUNT, None),
        "profile": lambda: api.profile(TOKEN, NumberFacts(NUMBER, "+1", "A")),
    }

    assert isinstance(await asked[step](), Unanswered)


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("Acme \u202egnihtyna\u2066", "Acme gnihtyna"),
        ("Acme\r\n\tLtd.\u0000", "Acme Ltd."),
        ("x" * 1_000_000, "x" * (NAME_LIMIT - 1) + "…"),
        ("\u202e", ""),
        ("مرحبا 🚲", "مرحبا 🚲"),
    ],
)
async def test_names_that_somebody_chose_are_one_line_of_their_own(told: str, shown: str) -> None:
    number = await always(200, {"id": NUMBER, "display_phone_number": "+1 555", "verified_name": told}).api.number(
        TOKEN, NUMBER
    )
    account = await always(200, {"id": ACCOUNT, "name": told}).api.account_facts(TOKEN, ACCOUNT)

    assert isinstance(number, NumberFacts)
    assert isinstance(account, AccountFacts)
    assert (number.display_name, account.name) == (shown, shown)


async def test_a_profile_without_an_end_is_cut() -> None:
    long = "x" * 10_000
    told = {"about": long, "description": long, "address": long, "websites": [long] * 20}

    profile = await always(200, {"data": [told]}).api.profile(TOKEN, NumberFacts(NUMBER, "+1", "Acme"))

    assert isinstance(profile, BusinessProfile)
    cut = "x" * PROFILE_TEXT_LIMIT
    assert (profile.about, profile.description, profile.address) == (cut, cut, cut)
    assert profile.websites == (cut,) * WEBSITES_LIMIT


async def test_an_answer_without_an_end_is_given_up() -> None:
    """Whatever stands in the network's place does not fill our memory."""
    part, sent = b" " * 1_000_000, 0

    async def endless() -> AsyncGenerator[bytes, None]:
        nonlocal sent
        while sent < 10 * MAX_ANSWER_BYTES:
            sent += len(part)
            yield part
        yield b'{"id": "4"}'

    graph = Graph(lambda _: httpx.Response(200, content=endless()))

    assert isinstance(await graph.api.number(TOKEN, NUMBER), Unanswered)
    assert sent <= MAX_ANSWER_BYTES + len(part)


async def test_of_businesses_without_number_the_first_are_asked() -> None:
    """Somebody waits for the answer."""

    def answer(request: httpx.Request) -> httpx.Response:
        ids = range(10_000) if request.url.path.endswith("/businesses") else [7]
        return httpx.Response(200, json={"data": [{"id": str(id)} for id in ids]})

    graph = Graph(answer)

    assert await graph.api.accounts_reached(TOKEN) == ["7"]
    assert len(graph.asked) == 1 + 2 * BUSINESSES_AT_MOST


async def test_an_answer_that_names_nothing_is_none() -> None:
    api = always(200, {"success": True}).api

    assert isinstance(await api.add_number(TOKEN, ACCOUNT, "+48601234567", "Acme"), Unanswered)
    assert isinstance(await api.number(TOKEN, NUMBER), Unanswered)


async def test_a_network_that_is_away_was_asked_nothing() -> None:
    def away(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("away")

    assert isinstance(await Graph(away).api.unsubscribe(TOKEN, ACCOUNT), NotSent)


# Lists


def a_list_that_takes_no_more_than(most: int, rows: int) -> Graph:
    def answer(request: httpx.Request) -> httpx.Response:
        limit, after = int(request.url.params["limit"]), int(request.url.params.get("after", "0"))
        if limit > most:
            told = {"code": 1, "message": "Please reduce the amount of data you're asking for, then retry"}
            return httpx.Response(500, json={"error": told})
        page = [
            {"id": str(row), "display_phone_number": f"1555{row}"} for row in range(after, min(after + limit, rows))
        ]
        paging: dict[str, object] = {"cursors": {"after": str(after + limit)}}
        if after + limit < rows:
            paging["next"] = "https://elsewhere.example.com/"
        return httpx.Response(200, json={"data": page, "paging": paging})

    return Graph(answer)


@pytest.mark.parametrize("most", [50, 7, 1])
async def test_a_list_that_is_too_much_at_once_is_read_by_smaller_pages_to_the_end(most: int) -> None:
    graph = a_list_that_takes_no_more_than(most, 60)

    numbers = await graph.api.numbers(TOKEN, ACCOUNT)

    assert isinstance(numbers, list)
    assert [each.id for each in numbers] == [str(row) for row in range(60)]


async def test_what_was_too_much_once_is_not_asked_for_again() -> None:
    graph = a_list_that_takes_no_more_than(50, 120)

    await graph.api.templates(TOKEN, OrganizationId("acme"), ACCOUNT, NOW)

    assert [int(request.url.params["limit"]) for request in graph.asked] == [PAGE_SIZE, 50, 50, 50]


async def test_a_network_that_has_trouble_with_one_row_has_trouble_of_its_own() -> None:
    graph = a_list_that_takes_no_more_than(0, 60)

    assert isinstance(await graph.api.numbers(TOKEN, ACCOUNT), Unanswered)
    assert [int(request.url.params["limit"]) for request in graph.asked] == [100, 50, 25, 12, 6, 3, 1]


@pytest.mark.parametrize("listing", ["accounts", "numbers"])
async def test_a_list_that_takes_too_long_is_asked_for_no_further(
    listing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its pages come and come, each in its time: the time for all is over, by a bound of none, with the first."""
    asked = 0

    async def answer(_: httpx.Request) -> httpx.Response:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0)
        paging = {"cursors": {"after": str(asked)}, "next": "https://elsewhere.example.com/"}
        return httpx.Response(200, json={"data": [{"id": str(asked)}], "paging": paging})

    monkeypatch.setattr(onboarding, "LISTED_WITHIN_S", 0.0)
    api = CloudApi("https://graph.example.com/", "v26.0", http_client(httpx.MockTransport(answer)), CountingIds())

    found = await (api.accounts_reached(TOKEN) if listing == "accounts" else api.numbers(TOKEN, ACCOUNT))

    assert isinstance(found, Unanswered)
    assert asked <= 1
