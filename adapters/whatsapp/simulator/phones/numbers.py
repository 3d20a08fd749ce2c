"""The control face over business numbers: their codes and standing, where they are taken, and tokens for them."""

from dataclasses import replace
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.whatsapp.simulator.graph.answers import json_answer, read_object
from adapters.whatsapp.simulator.phones.refusing import ControlError
from adapters.whatsapp.simulator.signups import SCOPES, Grant
from adapters.whatsapp.simulator.simulator import Simulator
from adapters.whatsapp.simulator.wire import Json, JsonObject, digits, encode
from adapters.whatsapp.simulator.world import Account, Number

STANDING: Final = {
    "status": "status",
    "codeVerificationStatus": "code_verification_status",
    "nameStatus": "name_status",
    "platformType": "platform_type",
    "qualityRating": "quality_rating",
    "verifiedName": "verified_name",
    "pin": "pin",
}
"""What of a number can be set, and by which of its attributes it is kept."""


def number_routes(sim: Simulator) -> list[Route]:
    numbers = _Numbers(sim)
    return [
        Route("/_sim/numbers/{number}", numbers.look, methods=["GET"]),
        Route("/_sim/numbers/{number}", numbers.set, methods=["PATCH"]),
        Route("/_sim/elsewhere/{digits}", numbers.set_elsewhere, methods=["PUT"]),
        Route("/_sim/tokens", numbers.give_token, methods=["POST"]),
        Route("/_sim/tokens/{token:path}", numbers.take_token, methods=["DELETE"]),
        Route("/_sim/accounts/{account}", numbers.set_account, methods=["PATCH"]),
        Route("/_sim/accounts/{account}/news", numbers.tell, methods=["POST"]),
    ]


class _Numbers:
    def __init__(self, sim: Simulator) -> None:
        self._sim = sim

    async def look(self, request: Request) -> Response:
        """How a number stands, and the newest code that came to it."""
        return json_answer(self._row(self._number(request)))

    async def set(self, request: Request) -> Response:
        """`{status?, codeVerificationStatus?, nameStatus?, platformType?, qualityRating?, verifiedName?, pin?}`."""
        number, wanted = self._number(request), await read_object(request)
        if unknown := set(wanted) - set(STANDING):
            raise ControlError(f"a number has no {', '.join(sorted(unknown))}")
        for name, value in wanted.items():
            if not isinstance(value, str):
                raise ControlError(f"{name} must be text")
            setattr(number, STANDING[name], value)
        return json_answer(self._row(number))

    async def set_elsewhere(self, request: Request) -> Response:
        """`{linked}`: whether another provider has the number with these digits."""
        number, linked = digits(request.path_params["digits"]), (await read_object(request)).get("linked")
        if not isinstance(linked, bool):
            raise ControlError("linked must be true or false")
        (self._sim.signups.elsewhere.add if linked else self._sim.signups.elsewhere.discard)(number)
        return json_answer({"number": number, "linked": linked})

    async def give_token(self, request: Request) -> Response:
        """`{token, scopes?, accounts?, appId?, expiresAt?}`: one more token; the simulator's own, where it is that one,
        from now on may do this. `expiresAt` in seconds since 1970."""
        wanted, world = await read_object(request), self._sim.world
        token = wanted.get("token")
        if not isinstance(token, str) or not token:
            raise ControlError("token must be text")
        scopes, accounts = _texts(wanted, "scopes", SCOPES), _texts(wanted, "accounts", tuple(world.accounts))
        if unknown := [id for id in accounts if id not in world.accounts]:
            raise ControlError(f"there is no account {unknown[0]}")
        app_id = wanted.get("appId", self._sim.options.app_id)
        expires_at = wanted.get("expiresAt", 0)
        if isinstance(expires_at, bool) or not isinstance(expires_at, int):
            raise ControlError("expiresAt must be a whole number")
        self._sim.signups.give(Grant(token, accounts, str(app_id), scopes, expires_at))
        shown: list[Json] = [*scopes]
        return json_answer({"token": token, "scopes": shown}, 201)

    async def take_token(self, request: Request) -> Response:
        """The token is taken back: from now on it is answered 190. Giving it again lets it live."""
        token = request.path_params["token"]
        if self._sim.signups.grant(token) is None:
            raise ControlError("there is no such token", 404)
        self._sim.signups.dead.add(token)
        return json_answer({"token": token, "alive": False})

    async def set_account(self, request: Request) -> Response:
        """`{verified?, refusing?}`: `refusing` is the code that every send of the account is answered with (131031 for
        a locked one, 131042 for one without payment), or null."""
        account, wanted = self._account(request), await read_object(request)
        verified, refusing = wanted.get("verified", account.is_verified), wanted.get("refusing", account.refusing)
        if set(wanted) - {"verified", "refusing"} or not isinstance(verified, bool):
            raise ControlError("an account has verified, true or false, and refusing")
        if isinstance(refusing, bool) or not isinstance(refusing, int | None):
            raise ControlError("refusing must be a code or null")
        self._sim.world.accounts[account.id] = replace(account, is_verified=verified, refusing=refusing)
        return json_answer({"id": account.id, "verified": verified, "refusing": refusing})

    async def tell(self, request: Request) -> Response:
        """`{field, value, time?}`: a webhook about the account, signed and posted as the network does."""
        account, wanted = self._account(request), await read_object(request)
        name, value, time = wanted.get("field"), wanted.get("value"), wanted.get("time", int(self._sim.now()))
        if not isinstance(name, str) or not isinstance(value, dict):
            raise ControlError("field must be text and value an object")
        change: Json = {"field": name, "value": value}
        entry: Json = {"id": account.id, "time": time, "changes": [change]}
        body = encode({"object": "whatsapp_business_account", "entry": [entry]})
        return json_answer({"status": await self._sim.webhooks.post_raw(body)})

    def _account(self, request: Request) -> Account:
        account = self._sim.world.accounts.get(request.path_params["account"])
        if account is None:
            raise ControlError("there is no account with that id", 404)
        return account

    def _number(self, request: Request) -> Number:
        number = self._sim.world.numbers.get(request.path_params["number"])
        if number is None:
            raise ControlError("there is no number with that id", 404)
        return number

    def _row(self, number: Number) -> JsonObject:
        code = self._sim.signups.number_codes.get(number.id)
        row: JsonObject = {"phoneNumberId": number.id, "displayPhoneNumber": number.display_phone_number}
        row |= {name: getattr(number, attribute) for name, attribute in STANDING.items()}
        newest: Json = {"code": code.code, "method": code.method, "language": code.language} if code else None
        return row | {"businessAccountId": number.account, "newName": number.new_name, "code": newest}


def _texts(wanted: JsonObject, name: str, otherwise: tuple[str, ...]) -> tuple[str, ...]:
    value = wanted.get(name)
    if value is None:
        return otherwise
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ControlError(f"{name} must be a list of texts")
    return tuple(str(each) for each in value)
