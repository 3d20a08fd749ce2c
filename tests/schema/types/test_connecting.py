"""Connecting as a caller of the API does it, against the simulated network: from a token or a sign-in to a channel."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from adapters.whatsapp.client import CloudApi, http_client
from adapters.whatsapp.onboarding import SignInApp
from adapters.whatsapp.simulator import Simulator, SimulatorOptions, simulator_app
from domain.conversations.sessions import Session
from domain.people.actors import Actor, Role, Scope
from domain.use_cases.channels.look_after import look_after
from domain.use_cases.outbound.leaving.dispatch import dispatch
from domain.use_cases.outbound.leaving.schedule import next_sends
from schema.engine.values import ids
from tests.builders import CHANNEL, MESSAGE, NOON, THREAD, a_thread, an_inbound, an_organization
from tests.schema.desk import AGENT, JSON, SchemaDesk, as_role, open_desk, with_key

ADMIN = as_role(Role.ADMIN)
ACCOUNT, SUPPORT, SALES = "100000000000001", "200000000000001", "200000000000002"
APP = SignInApp("300000000000001", ("simulator-secret",), "77", "https://desk.example/connect/whatsapp")

DRAFT = """draft { id expiresAt permissions { name granted required } businessAccounts { id name verified numbersLeft
    numbers { phoneNumberId phoneNumber displayName displayNameApproved codeVerified connectable refusal hint } } }"""
NUMBER = "number { phoneNumberId connectable refusal hint codeVerified } "
CHANNEL_FIELDS = """channel { id name state destination phoneNumberId health { tokenValid webhookSubscribed }
    profile { displayName displayNameDiffers category about websites }
    termsAccepted { version by { displayName } } }"""


@dataclass
class Office:
    """A desk, and the network behind it."""

    desk: SchemaDesk
    sim: Simulator
    control: httpx.AsyncClient

    async def do(self, name: str, input: JSON, fields: str = "", actor: Actor = ADMIN) -> JSON:
        type = name[0].upper() + name[1:] + "Input"
        document = f"""mutation ($input: {type}!) {{ {name}(input: $input) {{ {fields}
            userErrors {{ code message field }} }} }}"""
        return (await self.desk.ask(document, {"input": input}, actor))[name]

    async def discover(self, token: str = "simulator-token", actor: Actor = ADMIN) -> JSON:
        done = await self.do("channelDiscover", {"accessToken": token}, DRAFT, actor)
        assert done["userErrors"] == []
        return done["draft"]

    async def set(self, path: str, body: JSON, method: str = "PATCH") -> None:
        answer = await self.control.request(method, f"/_sim{path}", json=body)
        assert answer.is_success, answer.text

    def connecting(self, draft: JSON | None = None, number: str = SUPPORT, **more: Any) -> JSON:
        given = {"draftId": draft["id"]} if draft is not None else {"accessToken": "simulator-token"}
        return {"acceptTerms": True, "businessAccountId": ACCOUNT, "phoneNumberId": number, **given, **more}


@pytest.fixture
async def office() -> AsyncGenerator[Office, None]:
    desk = await open_desk()
    sim = Simulator(SimulatorOptions(clock=lambda: desk.clock.now().timestamp()))
    network = httpx.ASGITransport(simulator_app(sim))
    async with (
        sim.running(),
        http_client(network) as graph,
        httpx.AsyncClient(transport=network, base_url="http://sim.example") as control,
    ):
        api = CloudApi("http://sim.example", "v26.0", graph, desk.ports.ids, APP)
        yield Office(replace(desk, ports=replace(desk.ports, network=api)), sim, control)


def codes(done: JSON) -> list[str]:
    return [each["code"] for each in done["userErrors"]]


async def test_a_token_shows_accounts_and_numbers_and_stores_no_channel(office: Office) -> None:
    before = await office.desk.ask("{ channels { id } }", None, ADMIN)

    draft = await office.discover(" simulator-\ntoken\r\n")

    assert {each["name"]: each["granted"] for each in draft["permissions"] if each["required"]} == {
        "whatsapp_business_management": True,
        "whatsapp_business_messaging": True,
    }
    [account] = draft["businessAccounts"]
    assert (account["id"], account["name"], account["verified"], account["numbersLeft"]) == (ACCOUNT, "Acme", True, 25)
    assert [(each["phoneNumber"], each["connectable"], each["refusal"]) for each in account["numbers"]] == [
        ("+15550100001", True, None),
        ("+15550100002", True, None),
    ]
    assert await office.desk.ask("{ channels { id } }", None, ADMIN) == before


async def test_what_stands_against_each_number_is_said_with_what_to_do(office: Office) -> None:
    await office.do("channelConnect", office.connecting())
    await office.set(f"/numbers/{SALES}", {"status": "PENDING", "nameStatus": "DECLINED"})

    draft = await office.discover()

    [account] = draft["businessAccounts"]
    assert [each["refusal"] for each in account["numbers"]] == [
        "CHANNEL_ALREADY_CONNECTED",
        "DISPLAY_NAME_NOT_APPROVED",
    ]
    assert all(each["hint"] for each in account["numbers"])
    assert account["numbersLeft"] == 24


async def test_a_draft_is_read_again_by_whoever_signed_in_and_nobody_else(office: Office) -> None:
    draft = await office.discover()
    document = "query ($id: ID!) { node(id: $id) { id ... on ConnectionDraft { businessAccounts { id } } } }"

    for actor, found in [(ADMIN, True), (AGENT, True), (with_key(Scope.ADMIN), False)]:
        node = (await office.desk.ask(document, {"id": draft["id"]}, actor))["node"]
        assert (node is not None) is found


async def test_a_new_number_from_the_first_digit_to_the_channel(office: Office) -> None:
    draft = await office.discover()
    new = {
        "draftId": draft["id"],
        "businessAccountId": ACCOUNT,
        "phoneNumber": "+48 601 234 567",
        "displayName": "Łódź",
    }
    added = await office.do("channelAddNumber", new, NUMBER)
    assert codes(added) == []
    assert (added["number"]["connectable"], added["number"]["refusal"]) == (False, "VERIFICATION_FAILED")
    on = {"draftId": draft["id"], "phoneNumberId": added["number"]["phoneNumberId"]}
    connecting = office.connecting(draft, on["phoneNumberId"])
    assert codes(await office.do("channelConnect", connecting)) == ["VERIFICATION_FAILED"]

    asked = await office.do(
        "channelRequestCode", on | {"method": "VOICE", "language": "pl"}, NUMBER + "retryAt attemptsLeft"
    )
    assert (codes(asked), asked["retryAt"], asked["attemptsLeft"]) == ([], "2026-11-20T12:01:00Z", 2)
    again = await office.do("channelRequestCode", on | {"method": "SMS"}, "retryAt attemptsLeft")
    assert (codes(again), again["retryAt"]) == (["TRY_LATER"], "2026-11-20T12:01:00Z")

    held = office.sim.signups.number_codes[on["phoneNumberId"]]
    assert (held.method, held.language) == ("VOICE", "pl")
    wrong = "000000" if held.code != "000000" else "111111"
    for left in (2, 1):
        refused = await office.do("channelVerifyCode", on | {"code": wrong}, NUMBER + "attemptsLeft")
        assert (codes(refused), refused["attemptsLeft"]) == (["VERIFICATION_FAILED"], left)
    verified = await office.do("channelVerifyCode", on | {"code": held.code}, NUMBER + "attemptsLeft")
    assert (codes(verified), verified["number"]["connectable"], verified["attemptsLeft"]) == ([], True, None)

    done = await office.do("channelConnect", connecting, CHANNEL_FIELDS)

    assert codes(done) == []
    assert (done["channel"]["state"], done["channel"]["name"]) == ("CONNECTED", "Łódź")
    assert done["channel"]["health"] == {"tokenValid": True, "webhookSubscribed": True}
    assert office.sim.world.numbers[on["phoneNumberId"]].status == "CONNECTED"


async def test_three_wrong_codes_leave_none_and_the_right_one_is_not_taken(office: Office) -> None:
    draft = await office.discover()
    new = {"draftId": draft["id"], "businessAccountId": ACCOUNT, "phoneNumber": "+48601234567", "displayName": "A"}
    on = {
        "draftId": draft["id"],
        "phoneNumberId": (await office.do("channelAddNumber", new, NUMBER))["number"]["phoneNumberId"],
    }
    await office.do("channelRequestCode", on | {"method": "SMS"})
    right = office.sim.signups.number_codes[on["phoneNumberId"]].code
    wrong = "000000" if right != "000000" else "111111"

    answers = [
        await office.do("channelVerifyCode", on | {"code": each}, "attemptsLeft") for each in [wrong] * 3 + [right]
    ]

    assert [each["attemptsLeft"] for each in answers] == [2, 1, 0, 0]
    assert {code for each in answers for code in codes(each)} == {"VERIFICATION_FAILED"}


@pytest.mark.parametrize(
    ("phone", "elsewhere", "code"),
    [("+1 555 010 0011", False, "PERSONAL_ACCOUNT"), ("+48 601 234 567", True, "NUMBER_LINKED_ELSEWHERE")],
)
async def test_a_number_that_is_taken_says_how_to_free_it(
    office: Office, phone: str, elsewhere: bool, code: str
) -> None:
    draft = await office.discover()
    digits = "".join(filter(str.isdigit, phone))
    await office.set(f"/elsewhere/{digits}", {"linked": elsewhere}, "PUT")
    new = {"draftId": draft["id"], "businessAccountId": ACCOUNT, "phoneNumber": phone, "displayName": "A"}

    refused = await office.do("channelAddNumber", new)

    assert codes(refused) == [code]
    assert "Settings, Account, Delete my account" in refused["userErrors"][0]["message"]


async def test_a_number_that_another_integration_has_connects_once_it_is_let_go(office: Office) -> None:
    await office.set(f"/numbers/{SUPPORT}", {"status": "PENDING"})
    await office.set("/elsewhere/15550100001", {"linked": True}, "PUT")
    assert codes(await office.do("channelConnect", office.connecting())) == ["NUMBER_LINKED_ELSEWHERE"]

    await office.set("/elsewhere/15550100001", {"linked": False}, "PUT")

    assert codes(await office.do("channelConnect", office.connecting())) == []


async def test_a_pin_of_somebody_elses_is_the_pins_fault(office: Office) -> None:
    await office.set(f"/numbers/{SUPPORT}", {"status": "PENDING", "pin": "654321"})

    refused = await office.do("channelConnect", office.connecting())

    assert [(each["code"], each["field"]) for each in refused["userErrors"]] == [("INVALID", ["pin"])]
    assert codes(await office.do("channelConnect", office.connecting(pin="654321"))) == []


async def test_a_missing_permission_is_named(office: Office) -> None:
    token = {"token": "half", "scopes": ["whatsapp_business_management"]}
    await office.set("/tokens", token, "POST")
    draft = await office.discover("half")
    assert {each["name"] for each in draft["permissions"] if not each["granted"]} == {"whatsapp_business_messaging"}
    assert {each["refusal"] for each in draft["businessAccounts"][0]["numbers"]} == {"PERMISSION_MISSING"}

    refused = await office.do("channelConnect", office.connecting(draft))

    assert codes(refused) == ["PERMISSION_MISSING"]
    assert "whatsapp_business_messaging" in refused["userErrors"][0]["message"]


async def test_a_token_of_another_app_is_refused(office: Office) -> None:
    await office.set("/tokens", {"token": "theirs", "appId": "999"}, "POST")

    assert codes(await office.do("channelDiscover", {"accessToken": "theirs"})) == ["INVALID"]
    connecting = office.connecting() | {"accessToken": "theirs"}
    assert codes(await office.do("channelConnect", connecting)) == ["INVALID"]
    assert codes(await office.do("channelConnect", connecting | {"appSecret": "their-secret"})) == []


async def test_codes_of_sign_ins_are_exchanged_and_old_or_foreign_ones_are_not(office: Office) -> None:
    code = office.sim.signups.sign_up((ACCOUNT,), APP.returns_to, office.sim.now())
    done = await office.do("channelDiscover", {"signupCode": code}, DRAFT)
    assert codes(done) == []
    assert [each["id"] for each in done["draft"]["businessAccounts"]] == [ACCOUNT]

    for wrong in (code, "foreign"):
        refused = await office.do("channelDiscover", {"signupCode": wrong})
        assert codes(refused) == ["INVALID"]
        assert "Sign in again" in refused["userErrors"][0]["message"]


async def test_terms_are_read_and_agreed_to(office: Office) -> None:
    terms = (await office.desk.ask("{ connectTerms { version text url } }", None, ADMIN))["connectTerms"]
    assert terms["text"]
    assert terms["url"].startswith("https://")

    without = office.connecting() | {"acceptTerms": False}
    assert codes(await office.do("channelConnect", without)) == ["INVALID"]
    assert codes(await office.do("channelConnect", office.connecting(termsVersion="2020-01"))) == ["CONFLICT"]
    done = await office.do("channelConnect", office.connecting(termsVersion=terms["version"]), CHANNEL_FIELDS)
    assert done["channel"]["termsAccepted"] == {"version": terms["version"], "by": {"displayName": "Ada Agent"}}


async def test_the_profile_is_written_and_a_name_that_differs_is_marked(office: Office) -> None:
    await office.desk.given(replace(an_organization(), legal_name="Acme Holdings Ltd."))
    profile = {"about": "Bikes", "category": "RETAIL", "websites": ["https://acme.example"]}

    done = await office.do("channelConnect", office.connecting(profile=profile), CHANNEL_FIELDS)

    assert done["channel"]["profile"] == {
        "displayName": "Acme Support",
        "displayNameDiffers": True,
        "category": "RETAIL",
        "about": "Bikes",
        "websites": ["https://acme.example"],
    }


async def test_what_is_needed_first_is_told_with_and_without_a_sign_in(office: Office) -> None:
    await office.desk.given(replace(an_organization(), legal_name="Acme Ltd."))
    document = "query ($id: ID) { channelPrerequisites(draftId: $id) { name description state } }"

    alone = (await office.desk.ask(document, None, ADMIN))["channelPrerequisites"]
    draft = await office.discover()
    signed_in = (await office.desk.ask(document, {"id": draft["id"]}, ADMIN))["channelPrerequisites"]

    assert {each["name"]: each["state"] for each in alone} == {
        "Legal name": "MET",
        "Display name": "UNCHECKED",
        "Website": "MISSING",
        "Company email": "MISSING",
        "Administrator right": "UNCHECKED",
        "Access to the number": "UNCHECKED",
        "Calls reach a person": "UNCHECKED",
    }
    states = {each["name"]: each["state"] for each in signed_in}
    assert (states["Administrator right"], states["Display name"]) == ("MET", "MET")


async def test_a_disconnected_number_is_the_same_channel_again(office: Office) -> None:
    first = (await office.do("channelConnect", office.connecting(), CHANNEL_FIELDS))["channel"]

    gone = await office.do("channelDisconnect", {"channelId": first["id"]}, CHANNEL_FIELDS)

    assert (codes(gone), gone["channel"]["state"]) == ([], "DISCONNECTED")
    assert gone["channel"]["health"] == {"tokenValid": False, "webhookSubscribed": False}
    assert office.sim.webhooks.subscribed == set()
    again = (await office.do("channelConnect", office.connecting(destination="INBOX"), CHANNEL_FIELDS))["channel"]
    assert (again["id"], again["state"], again["destination"]) == (first["id"], "CONNECTED", "INBOX")


@pytest.mark.parametrize(
    ("name", "input"),
    [
        ("channelDiscover", {"accessToken": "x"}),
        ("channelAddNumber", {"businessAccountId": "1", "phoneNumber": "+48601234567", "displayName": "A"}),
        ("channelRequestCode", {"phoneNumberId": "1", "method": "SMS"}),
        ("channelVerifyCode", {"phoneNumberId": "1", "code": "123456"}),
        ("channelDisconnect", {"channelId": ids.CHANNEL.encode(CHANNEL)}),
    ],
)
async def test_only_administrators_do_any_of_it(office: Office, name: str, input: JSON) -> None:
    draft = await office.discover()
    given = input if name in ("channelDiscover", "channelDisconnect") else input | {"draftId": draft["id"]}

    for actor in (*(as_role(role) for role in Role if role is not Role.ADMIN), with_key(Scope.MESSAGES)):
        assert codes(await office.do(name, given, "", actor)) == ["FORBIDDEN"]


async def test_a_draft_runs_out(office: Office) -> None:
    draft = await office.discover()
    assert draft["expiresAt"] == "2026-11-20T13:00:00Z"
    office.desk.clock.advance(NOON.replace(hour=13) - NOON)

    assert codes(await office.do("channelConnect", office.connecting(draft))) == ["NOT_FOUND"]


async def test_a_number_is_changed_in_all_its_parts(office: Office) -> None:
    channel = (await office.do("channelConnect", office.connecting(), "channel { id }"))["channel"]
    user = (await office.desk.ask("{ users { nodes { id } } }", None, ADMIN))["users"]["nodes"][0]
    team = (await office.do("teamCreate", {"name": "Sales"}, "team { id }"))["team"]

    done = await office.do(
        "channelUpdate",
        {
            "channelId": channel["id"],
            "name": "Shop",
            "sendReadReceipts": True,
            "reopenPolicy": "NEW_TICKET",
            "closeAfterIdleHours": 72,
            "assignment": {
                "strategy": "ROUND_ROBIN",
                "userIds": [user["id"]],
                "teamIds": [team["id"]],
                "skills": ["de"],
            },
            "profile": {
                "about": "Bikes and repairs",
                "websites": ["https://acme.example"],
                "displayName": "Acme Bikes",
            },
        },
        """channel { name sendReadReceipts reopenPolicy closeAfterIdleHours
            assignment { strategy users { id } teams { id } skills } profile { displayName about websites } }""",
    )

    assert codes(done) == []
    assert done["channel"] == {
        "name": "Shop",
        "sendReadReceipts": True,
        "reopenPolicy": "NEW_TICKET",
        "closeAfterIdleHours": 72,
        "assignment": {"strategy": "ROUND_ROBIN", "users": [user], "teams": [team], "skills": ["de"]},
        "profile": {"displayName": "Acme Support", "about": "Bikes and repairs", "websites": ["https://acme.example"]},
    }


async def test_a_token_of_another_account_does_not_take_the_place_of_the_one_in_use(office: Office) -> None:
    channel = (await office.do("channelConnect", office.connecting(), "channel { id }"))["channel"]
    await office.set("/tokens", {"token": "elsewhere", "accounts": []}, "POST")

    done = await office.do("channelUpdate", {"channelId": channel["id"], "accessToken": "elsewhere"}, "channel { id }")

    assert (done["channel"], [each["field"] for each in done["userErrors"]]) == (None, [["accessToken"]])
    assert codes(await office.do("channelUpdate", {"channelId": channel["id"], "profile": {"about": "Bikes"}})) == []


# A token that dies, and what an account is refused


HEALTH = """query ($id: ID!) { node(id: $id) { ... on Channel { state health { tokenValid
    problems { code hint changedAt since expiresAt } } } } }"""


async def a_number_in_conversation(office: Office) -> JSON:
    """A connected number that Ana wrote to."""
    channel = (await office.do("channelConnect", office.connecting(), "channel { id }"))["channel"]
    id = ids.CHANNEL.asked(channel["id"])
    inbound = an_inbound(channel=id)
    session = Session(NOON, NOON, MESSAGE)
    ana = next(person.wa_id for person in office.sim.world.people if person.wa_id)
    await office.set(f"/people/{ana}/messages", {"to": SUPPORT, "text": "Hello"}, "POST")
    await office.desk.given(inbound, a_thread(channel=id, wa_id=ana, last_message=MESSAGE, session=session))
    return channel


async def worker_turn(office: Office) -> None:
    """Numbers are looked after, and whatever may leave leaves."""
    ports, now = office.desk.ports, office.desk.clock.now()
    for organization, channel in await ports.store.due_checks(now, 100):
        await look_after(ports, organization, channel)
    while leaving := (await next_sends(ports, ())).leaving:
        for each in leaving:
            await dispatch(ports, each.organization, each.message)


def texts_sent(office: Office) -> list[Any]:
    bodies: list[Any] = [each.body for each in office.sim.world.sends]
    return [body["text"]["body"] for body in bodies]


async def health(office: Office, channel: JSON) -> JSON:
    return (await office.desk.ask(HEALTH, {"id": channel["id"]}, ADMIN))["node"]


async def test_a_dead_token_is_shown_and_mended_and_what_waited_goes_out_in_order(office: Office) -> None:
    channel = await a_number_in_conversation(office)
    await worker_turn(office)
    await office.set("/tokens/simulator-token", {}, "DELETE")
    office.desk.clock.at += timedelta(minutes=1)
    await worker_turn(office)

    sick = await health(office, channel)
    assert (sick["state"], sick["health"]["tokenValid"]) == ("DEGRADED", False)
    [problem] = sick["health"]["problems"]
    assert (problem["code"], problem["changedAt"], problem["expiresAt"]) == ("TOKEN_INVALID", problem["since"], None)

    for body in ("one", "two", "three"):
        send = {"threadId": ids.THREAD.encode(THREAD), "content": {"text": {"body": body}}}
        assert codes(await office.do("messageSend", send, "message { status }", AGENT)) == []
    for _ in range(5):
        office.desk.clock.at += timedelta(minutes=1)
        await worker_turn(office)
    assert list(office.sim.world.sends) == []

    await office.set("/tokens", {"token": "renewed"}, "POST")
    pasted = {"channelId": channel["id"], "accessToken": "rene\nwed\r\n"}
    assert (await office.do("channelUpdate", pasted, "channel { state }"))["channel"] == {"state": "CONNECTED"}
    await worker_turn(office)

    assert texts_sent(office) == ["one", "two", "three"]
    assert (await health(office, channel))["health"]["problems"] == []


@pytest.mark.parametrize(("code", "problem"), [(131031, "ACCOUNT_LOCKED"), (131042, "PAYMENT_PROBLEM")])
async def test_what_an_account_is_refused_waits_until_it_is_taken_again(
    office: Office, code: int, problem: str
) -> None:
    channel = await a_number_in_conversation(office)
    await office.set(f"/accounts/{ACCOUNT}", {"refusing": code})
    for body in ("one", "two"):
        send = {"threadId": ids.THREAD.encode(THREAD), "content": {"text": {"body": body}}}
        await office.do("messageSend", send, "message { status }", AGENT)
    await worker_turn(office)

    sick = await health(office, channel)
    assert (sick["state"], [each["code"] for each in sick["health"]["problems"]]) == ("DEGRADED", [problem])

    await office.set(f"/accounts/{ACCOUNT}", {"refusing": None})
    office.desk.clock.at += timedelta(minutes=1)
    await worker_turn(office)
    assert texts_sent(office) == ["one", "two"]
    assert (await health(office, channel))["state"] == "CONNECTED"


async def test_a_token_that_expires_is_told_before(office: Office) -> None:
    channel = await a_number_in_conversation(office)
    end = NOON + timedelta(days=3)
    await office.set("/tokens", {"token": "simulator-token", "expiresAt": int(end.timestamp())}, "POST")
    await worker_turn(office)

    [problem] = (await health(office, channel))["health"]["problems"]
    assert (problem["code"], problem["expiresAt"]) == ("TOKEN_EXPIRING", end.isoformat().replace("+00:00", "Z"))


async def test_a_flagged_number_is_shown_and_a_lost_subscription_is_made_again(office: Office) -> None:
    channel = await a_number_in_conversation(office)
    await office.set(f"/numbers/{SUPPORT}", {"status": "FLAGGED"})
    office.sim.webhooks.subscribed.discard(ACCOUNT)
    office.desk.clock.at += timedelta(hours=1)
    await worker_turn(office)

    [problem] = (await health(office, channel))["health"]["problems"]
    assert (problem["code"], ACCOUNT in office.sim.webhooks.subscribed) == ("QUALITY_LOW", True)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "/accounts/7", {}),
        ("PATCH", f"/accounts/{ACCOUNT}", {"locked": True}),
        ("PATCH", f"/accounts/{ACCOUNT}", {"refusing": "all"}),
        ("DELETE", "/tokens/nobodys", {}),
        ("POST", "/tokens", {"token": "t", "expiresAt": "soon"}),
        ("POST", f"/accounts/{ACCOUNT}/news", {"field": 7}),
    ],
)
async def test_nonsense_about_accounts_and_tokens_is_refused(
    office: Office, method: str, path: str, body: JSON
) -> None:
    answer = await office.control.request(method, f"/_sim{path}", json=body)

    assert answer.status_code in (400, 404)
