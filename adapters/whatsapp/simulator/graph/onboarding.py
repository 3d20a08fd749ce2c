"""The Graph API where numbers come from: the sign-up's page and its codes, businesses, new numbers, verification."""

import html
from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import parse_qs, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from adapters.whatsapp.simulator.graph.answers import BadBody, json_answer, read_bytes, read_object
from adapters.whatsapp.simulator.graph.endpoints import Graph, token_of
from adapters.whatsapp.simulator.graph.errors import GraphError, missing_object
from adapters.whatsapp.simulator.graph.rows import page_of
from adapters.whatsapp.simulator.signups import NewBusiness, SignUps
from adapters.whatsapp.simulator.simulator import Simulator
from adapters.whatsapp.simulator.wire import JsonObject

FIELDS: Final = (
    ("legalName", "Legal name", "text"),
    ("phone", "Phone", "tel"),
    ("website", "Website", "url"),
    ("email", "Email", "email"),
    ("country", "Country", "text"),
    ("accountName", "Name of the WhatsApp account", "text"),
    ("timeZone", "Time zone of the account", "text"),
)
FORM_BYTES: Final = 64 * 1024
PAGE: Final = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Sign in to connect WhatsApp (simulated)</title>
<style>body {{ font: 16px/1.5 sans-serif; max-width: 32rem; margin: 3rem auto; padding: 0 1rem }}
label {{ display: block; margin: .5rem 0 }} input[type=text], input[type=tel], input[type=url], input[type=email]
{{ display: block; width: 100%; padding: .4rem; box-sizing: border-box }}
button {{ margin-right: 1rem; padding: .5rem 1rem }}
</style></head><body><h1>Connect WhatsApp</h1>
<p>This page stands in for Meta's Embedded Signup. Nothing of what you enter leaves the simulator.</p>
<form method="post">
<fieldset><legend>Business account</legend>{accounts}
<label><input type="radio" name="account" value="new"> A new one:</label>{fields}</fieldset>
<p><button name="answer" value="yes">Continue</button><button name="answer" value="no">Cancel</button></p>
</form></body></html>"""


def onboarding_routes(sim: Simulator, graph: Graph) -> list[Route]:
    onboarding = _Onboarding(sim)
    checked: tuple[tuple[str, str, Callable[[Request], Awaitable[Response]]], ...] = (
        ("GET", "/oauth/access_token", onboarding.exchange),
        ("GET", "/me/businesses", onboarding.businesses),
        ("GET", "/{id}/owned_whatsapp_business_accounts", onboarding.owned),
        ("GET", "/{id}/client_whatsapp_business_accounts", onboarding.shared),
        ("POST", "/{id}/phone_numbers", onboarding.add_number),
        ("POST", "/{id}/request_code", onboarding.request_code),
        ("POST", "/{id}/verify_code", onboarding.verify_code),
        ("POST", "/{id}", onboarding.change_number),
    )
    return [
        Route("/dialog/oauth", onboarding.show, methods=["GET"]),
        Route("/dialog/oauth", onboarding.answer, methods=["POST"]),
        *(Route(path, graph.with_token(endpoint), methods=[method]) for method, path, endpoint in checked),
    ]


class _Onboarding:
    def __init__(self, sim: Simulator) -> None:
        self._sim = sim

    @property
    def _signups(self) -> SignUps:
        return self._sim.signups

    # The page where people sign in

    async def show(self, request: Request) -> Response:
        self._returns_to(request)
        accounts = "".join(
            f'<label><input type="radio" name="account" value="{html.escape(each.id)}"{" checked" if not at else ""}> '
            f"{html.escape(each.name)}</label>"
            for at, each in enumerate(self._sim.world.accounts.values())
        )
        fields = "".join(f'<label>{label}<input type="{kind}" name="{name}"></label>' for name, label, kind in FIELDS)
        return HTMLResponse(PAGE.format(accounts=accounts, fields=fields))

    async def answer(self, request: Request) -> Response:
        """Back to the app with a code, or with what went wrong, as OAuth 2.0 has it."""
        returns_to = self._returns_to(request)
        form = {
            name: values[0].strip()
            for name, values in parse_qs((await read_bytes(request, FORM_BYTES)).decode(errors="replace")).items()
        }
        state = request.query_params.get("state", "")
        if form.get("answer") == "no":
            told = {"error": "access_denied", "error_reason": "user_denied", "state": state}
        else:
            code = self._signups.sign_up(self._chosen(form), returns_to, self._sim.now())
            told = {"code": code, "state": state}
        joint = "&" if urlsplit(returns_to).query else "?"
        return RedirectResponse(f"{returns_to}{joint}{urlencode(told)}", 303)

    def _chosen(self, form: dict[str, str]) -> tuple[str, ...]:
        chosen = form.get("account", "")
        if chosen != "new":
            return (chosen,) if chosen in self._sim.world.accounts else tuple(self._sim.world.accounts)
        if not form.get("legalName") or not form.get("accountName"):
            raise BadBody("a new business needs its legal name, and its account a name")
        new = NewBusiness(
            legal_name=form["legalName"],
            account_name=form["accountName"],
            phone=form.get("phone", ""),
            website=form.get("website", ""),
            email=form.get("email", ""),
            country=form.get("country", ""),
            time_zone=form.get("timeZone", "UTC"),
        )
        return (self._signups.begin_business(new).id,)

    def _returns_to(self, request: Request) -> str:
        asked = request.query_params
        returns_to = asked.get("redirect_uri", "")
        if asked.get("client_id") != self._sim.options.app_id:
            raise GraphError(101, "Invalid app id")
        if asked.get("response_type") != "code" or not asked.get("config_id"):
            raise GraphError(100, "response_type must be code, and config_id is required")
        if urlsplit(returns_to).scheme not in ("http", "https"):
            raise GraphError(191, "redirect_uri is required")
        return returns_to

    # What a token reaches

    async def exchange(self, request: Request) -> Response:
        token = self._signups.exchange(request.query_params, self._sim.now())
        return json_answer({"access_token": token, "token_type": "bearer"})

    async def businesses(self, request: Request) -> Response:
        grant = self._signups.grant(token_of(request) or "")
        reached = [self._sim.world.accounts[id] for id in (grant.accounts if grant else ())]
        ids = dict.fromkeys(account.business_id for account in reached)
        return json_answer(page_of(request, [{"id": id} for id in ids]))

    async def owned(self, request: Request) -> Response:
        grant = self._signups.grant(token_of(request) or "")
        business = request.path_params["id"]
        reached = [self._sim.world.accounts[id] for id in (grant.accounts if grant else ())]
        rows: list[JsonObject] = [{"id": each.id} for each in reached if each.business_id == business]
        if not rows:
            raise missing_object(business)
        return json_answer(page_of(request, rows))

    async def shared(self, request: Request) -> Response:
        """Nobody shares an account here."""
        return json_answer({"data": []})

    # New numbers

    async def add_number(self, request: Request) -> Response:
        account = self._signups.account_of(request.path_params["id"], token_of(request) or "")
        wanted = await read_object(request)
        cc, phone, name = (str(wanted.get(key) or "") for key in ("cc", "phone_number", "verified_name"))
        return json_answer({"id": self._signups.add_number(account, cc, phone, name).id})

    async def request_code(self, request: Request) -> Response:
        number, wanted = self._sim.number(request.path_params["id"]), await read_object(request)
        method, language = (str(wanted.get(key) or "") for key in ("code_method", "language"))
        self._signups.request_code(number, method, language, self._sim.now())
        return json_answer({"success": True})

    async def verify_code(self, request: Request) -> Response:
        number, wanted = self._sim.number(request.path_params["id"]), await read_object(request)
        self._signups.verify_code(number, str(wanted.get("code") or ""), self._sim.now())
        return json_answer({"success": True})

    async def change_number(self, request: Request) -> Response:
        """`pin`, or `new_display_name`, which is reviewed before people see it."""
        number, wanted = self._sim.number(request.path_params["id"]), await read_object(request)
        name, pin = wanted.get("new_display_name"), wanted.get("pin")
        if isinstance(name, str) and name.strip():
            number.new_name = name.strip()
        elif isinstance(pin, str) and len(pin) == 6 and pin.isdecimal():
            number.pin = pin
        else:
            raise GraphError(100, "new_display_name or a pin of 6 digits is required")
        return json_answer({"success": True})
