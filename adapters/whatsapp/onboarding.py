"""The Cloud API where numbers come from: tokens, sign-ins, accounts, codes, registration, webhooks, profiles.

Source: Meta "Embedded Signup", "Manually build a login flow"; WhatsApp Business Platform, "Business phone numbers",
"Business profiles".
"""

import asyncio
import re
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode

from adapters.whatsapp.answers import (
    NUMBER_FIELDS,
    PROFILE_FIELDS,
    account_facts,
    number_facts,
    profile_facts,
    token_facts,
)
from adapters.whatsapp.calls import TOKEN_INVALID, done_or_failed, foreign_answer
from adapters.whatsapp.graph import Graph
from adapters.whatsapp.inbound.reading import as_id, as_list, as_object, as_text
from domain.channels.numbers import AccountFacts, NumberFacts
from domain.channels.profiles import BusinessProfile, ProfileChange
from domain.ids import BusinessAccountId, PhoneNumberId
from domain.ports.network import Failed, Rejected, TokenFacts, Unanswered

T = TypeVar("T")

BUSINESSES_AT_MOST = 50  # each is asked for its accounts, while somebody waits
LISTED_WITHIN_S = 45.0  # a list with all its pages, for the same reason
SIGN_IN_HOST = "https://www.facebook.com"
CALLING_CODE = re.compile(r"\+(1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|[2-9][0-9]{2})([0-9]{4,14})")
"""ITU-T E.164: what stands before the national number."""


@dataclass(frozen=True, slots=True)
class SignInApp:
    """Our app at Meta. `config_id` is of its Embedded Signup; `returns_to` is where a sign-in comes back with its code.

    A secret may be any of those in rotation. `dialog` is where people sign in, without the version.
    """

    app_id: str
    secrets: tuple[str, ...] = ()
    config_id: str | None = None
    returns_to: str | None = None
    dialog: str = SIGN_IN_HOST


class Onboarding:
    def __init__(self, graph: Graph, app: SignInApp | None) -> None:
        self._graph = graph
        self._app = app

    # Signing in

    @property
    def app_id(self) -> str | None:
        return self._app.app_id if self._app is not None else None

    def sign_in_url(self, state: str) -> str | None:
        app = self._app
        if app is None or app.config_id is None or app.returns_to is None or not app.secrets:
            return None
        asked = {
            "client_id": app.app_id,
            "config_id": app.config_id,
            "redirect_uri": app.returns_to,
            "response_type": "code",
            "override_default_response_type": "true",
            "state": state,
        }
        version = self._graph.root.rpartition("/")[2]
        return f"{app.dialog.rstrip('/')}/{version}/dialog/oauth?{urlencode(asked)}"

    async def exchanged(self, code: str) -> str | Failed:
        """With each secret that may be the one, and with and without the address that the code was sent to."""
        app = self._app
        if app is None or not app.secrets:
            return Rejected(None, "This server has no app of its own at Meta.")
        failed: Failed = foreign_answer()
        for secret in app.secrets:
            for place in dict.fromkeys((app.returns_to, None)):
                parameters = {"client_id": app.app_id, "client_secret": secret, "code": code}
                if place is not None:
                    parameters["redirect_uri"] = place
                answer = await self._graph.ask(f"{app.app_id}|{secret}", "oauth", "access_token", parameters=parameters)
                if isinstance(answer, dict):
                    return as_text(answer.get("access_token")) or foreign_answer()
                failed = answer
                if not isinstance(answer, Rejected):
                    return answer
        return failed

    async def accounts_reached(self, token: str) -> list[BusinessAccountId] | Failed:
        return await _in_time(self._accounts_reached(token))

    async def _accounts_reached(self, token: str) -> list[BusinessAccountId] | Failed:
        businesses = await self._graph.rows(token, "me", "businesses", fields="id")
        if not isinstance(businesses, list):
            return businesses
        found: list[BusinessAccountId] = []
        for business in _ids_in(businesses)[:BUSINESSES_AT_MOST]:
            for edge in ("owned_whatsapp_business_accounts", "client_whatsapp_business_accounts"):
                accounts = await self._graph.rows(token, business, edge, fields="id")
                if not isinstance(accounts, list):
                    return accounts
                found += map(BusinessAccountId, _ids_in(accounts))
        return list(dict.fromkeys(found))

    # Tokens, accounts, numbers

    async def token_facts(self, token: str) -> TokenFacts | Failed:
        """The token asks about itself. One that the network does not take is a fact: it is not valid."""
        answer = await self._graph.ask(token, "debug_token", parameters={"input_token": token})
        if isinstance(answer, Rejected) and answer.code in (0, TOKEN_INVALID):
            return TokenFacts(valid=False, permissions=frozenset())
        if not isinstance(answer, dict):
            return answer
        data = as_object(answer.get("data"))
        return token_facts(data) if data is not None else foreign_answer()

    async def account_facts(self, token: str, account: BusinessAccountId) -> AccountFacts | Failed:
        answer = await self._graph.ask(token, account, parameters={"fields": "id,name,business_verification_status"})
        if not isinstance(answer, dict):
            return answer
        return account_facts(account, answer) if as_id(answer.get("id")) in (None, account) else foreign_answer()

    async def numbers(self, token: str, account: BusinessAccountId) -> list[NumberFacts] | Failed:
        rows = await _in_time(self._graph.rows(token, account, "phone_numbers", fields=NUMBER_FIELDS))
        if not isinstance(rows, list):
            return rows
        return [facts for row in rows if (facts := number_facts(row)) is not None]

    async def register(self, token: str, number: PhoneNumberId, pin: str) -> Failed | None:
        return await self._graph.do(token, number, "register", body={"messaging_product": "whatsapp", "pin": pin})

    async def subscribe(self, token: str, account: BusinessAccountId) -> Failed | None:
        return await self._graph.do(token, account, "subscribed_apps", body={})

    async def unsubscribe(self, token: str, account: BusinessAccountId) -> Failed | None:
        return done_or_failed(await self._graph.call("DELETE", token, account, "subscribed_apps"), token)

    async def is_subscribed(self, token: str, account: BusinessAccountId, app_id: str | None) -> bool | Failed:
        rows = await self._graph.rows(token, account, "subscribed_apps")
        if not isinstance(rows, list):
            return rows
        apps = [as_object((as_object(row) or {}).get("whatsapp_business_api_data")) or {} for row in rows]
        ids = {as_id(app.get("id")) for app in apps}
        return app_id in ids if app_id is not None else bool(rows)

    async def number(self, token: str, number: PhoneNumberId) -> NumberFacts | Failed:
        answer = await self._graph.ask(token, number, parameters={"fields": NUMBER_FIELDS})
        if not isinstance(answer, dict):
            return answer
        return number_facts(answer) or foreign_answer()

    async def add_number(
        self, token: str, account: BusinessAccountId, phone_number: str, display_name: str
    ) -> PhoneNumberId | Failed:
        parts = CALLING_CODE.fullmatch(phone_number)
        if parts is None:
            return Rejected(100, "No country's numbers begin like this.")
        body: dict[str, Any] = {"cc": parts[1], "phone_number": parts[2], "verified_name": display_name}
        answer = await self._graph.told(token, account, "phone_numbers", body=body)
        if not isinstance(answer, dict):
            return answer
        id = as_id(answer.get("id"))
        return PhoneNumberId(id) if id is not None else foreign_answer()

    async def request_code(self, token: str, number: PhoneNumberId, *, by_voice: bool, language: str) -> Failed | None:
        asked: dict[str, Any] = {"code_method": "VOICE" if by_voice else "SMS", "language": language}
        return await self._graph.do(token, number, "request_code", body=asked)

    async def verify_code(self, token: str, number: PhoneNumberId, code: str) -> Failed | None:
        return await self._graph.do(token, number, "verify_code", body={"code": code})

    # Profiles

    async def profile(self, token: str, number: NumberFacts) -> BusinessProfile | Failed:
        answer = await self._graph.ask(
            token, number.id, "whatsapp_business_profile", parameters={"fields": PROFILE_FIELDS}
        )
        if not isinstance(answer, dict):
            return answer
        rows = as_list(answer.get("data"))
        return foreign_answer() if rows is None else profile_facts(number.display_name, next(iter(rows), None))

    async def change_profile(self, token: str, number: PhoneNumberId, change: ProfileChange) -> Failed | None:
        if change.display_name is not None:
            failed = await self._graph.do(token, number, body={"new_display_name": change.display_name.strip()})
            if failed is not None:
                return failed
        if not change.is_of_profile:
            return None
        told = {name: value for name, value in _told(change).items() if value is not None}
        body: dict[str, Any] = {"messaging_product": "whatsapp", **told}
        return await self._graph.do(token, number, "whatsapp_business_profile", body=body)


def _told(change: ProfileChange) -> Mapping[str, object]:
    return {
        "about": change.about,
        "description": change.description,
        "vertical": change.category,
        "email": change.email,
        "websites": list(change.websites) if change.websites is not None else None,
        "address": change.address,
    }


def _ids_in(rows: list[object]) -> list[str]:
    found = (as_id((as_object(row) or {}).get("id")) for row in rows)
    return [id for id in found if id is not None]


async def _in_time(listed: Awaitable[T]) -> T | Unanswered:
    """Each page has its time; a thousand of them would have hours."""
    try:
        async with asyncio.timeout(LISTED_WITHIN_S):
            return await listed
    except TimeoutError:
        return Unanswered(f"The network did not tell the whole list within {LISTED_WITHIN_S:.0f} seconds.")
