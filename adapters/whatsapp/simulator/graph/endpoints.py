"""The Graph API's face: the endpoints a business calls, with or without a version in front.

Every call needs `Authorization: Bearer <token>` (or `?access_token=`); refusals have Meta's error envelope.
"""

import re
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.whatsapp.simulator.faults import AFTER_ACCEPT, BEFORE_ACCEPT, Fault
from adapters.whatsapp.simulator.graph.answers import (
    MAX_BODY_BYTES,
    Cut,
    Dropped,
    Held,
    edge_failure,
    json_answer,
    read_bytes,
    read_json,
    read_object,
)
from adapters.whatsapp.simulator.graph.errors import GraphError, bad_token, missing_object
from adapters.whatsapp.simulator.graph.files import MAX_FILE_BYTES, File, parts_of
from adapters.whatsapp.simulator.graph.rows import NUMBER_FIELDS, number_row, page_of, picked
from adapters.whatsapp.simulator.graph.sending import MarkRead, SendRequest, read_request
from adapters.whatsapp.simulator.simulator import Accepted, Simulator
from adapters.whatsapp.simulator.webhooks.posts import WebhookVerificationFailed
from adapters.whatsapp.simulator.wire import Json, JsonObject
from adapters.whatsapp.simulator.world import Account

REGISTRATIONS: Final = 10  # in REGISTRATION_S seconds
REGISTRATION_S: Final = 72 * 60 * 60
REVOKED: Final = 467  # subcode of 190
TEMPLATE_FILTERS: Final = ("name", "status", "category", "language")
PROFILE_LIMITS: Final = {"about": 139, "address": 256, "description": 512, "email": 128}
PROFILE_FIELDS: Final = (*PROFILE_LIMITS, "websites", "vertical")
ACCOUNT_FIELDS: Final = ("name", "timezone_id", "message_template_namespace")
TEMPLATE_FIELDS: Final = ("name", "parameter_format", "components", "language", "status", "category")

Endpoint = Callable[[Request], Awaitable[Response]]


def graph_routes(graph: "Graph") -> list[Route]:
    endpoints: tuple[tuple[str, str, Endpoint], ...] = (
        ("GET", "/debug_token", graph.debug_token),
        ("POST", "/{id}/messages", graph.send),
        ("POST", "/{id}/media", graph.upload),
        ("POST", "/{id}/uploads", graph.begin_sample),
        ("POST", "/upload:{session}", graph.take_sample),
        ("GET", "/_media/{key}", graph.download),
        ("DELETE", "/{id}", graph.remove_media),
        ("POST", "/{id}/register", graph.register),
        ("POST", "/{id}/deregister", graph.deregister),
        ("GET", "/{id}/whatsapp_business_profile", graph.profile),
        ("POST", "/{id}/whatsapp_business_profile", graph.update_profile),
        ("GET", "/{id}/phone_numbers", graph.phone_numbers),
        ("GET", "/{id}/message_templates", graph.templates),
        ("POST", "/{id}/message_templates", graph.create_template),
        ("DELETE", "/{id}/message_templates", graph.delete_templates),
        ("GET", "/{id}/subscribed_apps", graph.subscriptions),
        ("POST", "/{id}/subscribed_apps", graph.subscribe),
        ("DELETE", "/{id}/subscribed_apps", graph.unsubscribe),
        ("GET", "/{id}", graph.node),
    )
    return [Route(path, graph.with_token(endpoint), methods=[method]) for method, path, endpoint in endpoints]


class Graph:
    def __init__(self, sim: Simulator) -> None:
        self._sim = sim
        self._options = sim.options

    def with_token(self, endpoint: Endpoint) -> Endpoint:
        async def checked(request: Request) -> Response:
            self._check_token(token_of(request))
            return await endpoint(request)

        return checked

    # Sending

    async def send(self, request: Request) -> Response:
        number = self._sim.number(request.path_params["id"])
        sent = read_request(await read_json(request))
        if isinstance(sent, MarkRead):
            self._sim.mark_read(number, sent)
            return json_answer({"success": True})
        names = self._recipient_names(sent)
        if fault := self._sim.faults.take(BEFORE_ACCEPT, names):
            return self._refused(fault)
        accepted = self._sim.accept(number, sent)
        return await self._answer(accepted, self._sim.faults.take(AFTER_ACCEPT, names))

    def _recipient_names(self, sent: SendRequest) -> frozenset[str]:
        person = self._sim.world.person(sent.to or sent.recipient or "")
        own = {person.wa_id, person.user_id} if person else set[str | None]()
        return sent.names | {name for name in own if name}

    def _refused(self, fault: Fault) -> Response:
        match fault.kind:
            case "drop_before_accept":
                return Dropped()
            case "html_502":
                return edge_failure()
            case _:
                raise GraphError(fault.code, "Asked for by a fault", subcode=fault.subcode, status=fault.status)

    async def _answer(self, accepted: Accepted, fault: Fault | None) -> Response:
        match fault.kind if fault else None:
            case "timeout_after_accept":
                self._sim.follow(accepted)
                return Held(self._options.hold_s)
            case "drop_after_accept":
                self._sim.follow(accepted)
                return Dropped()
            case "status_before_answer":
                await self._sim.report_first(accepted)
            case _:
                pass

        async def follow() -> None:
            self._sim.follow(accepted)

        return json_answer(accepted.answer, background=BackgroundTask(follow))

    # Files

    async def upload(self, request: Request) -> Response:
        number = self._sim.number(request.path_params["id"])
        if self._sim.faults.take(("media_upload_fails",)):
            return edge_failure()
        body = await read_bytes(request, MAX_FILE_BYTES + MAX_BODY_BYTES)
        parts = parts_of(body, request.headers.get("content-type", ""))
        file, type, product = parts.get("file"), parts.get("type"), parts.get("messaging_product")
        if product is None or product.data != b"whatsapp":
            raise GraphError(100, "The parameter messaging_product is required and must be whatsapp")
        mime_type = file.mime_type if file and file.mime_type else type.data.decode("latin-1") if type else None
        if file is None or mime_type is None:
            raise GraphError(100, "The parameter file is required, with its type")
        return json_answer({"id": self._sim.take_upload(number, mime_type, file.data).id})

    async def begin_sample(self, request: Request) -> Response:
        if request.path_params["id"] != self._options.app_id:
            raise missing_object(request.path_params["id"])
        length, mime_type = (request.query_params.get(name) for name in ("file_length", "file_type"))
        return json_answer({"id": self._sim.samples.begin(length, mime_type)})

    async def take_sample(self, request: Request) -> Response:
        session = f"upload:{request.path_params['session']}"
        data = await read_bytes(request, MAX_FILE_BYTES)
        return json_answer({"h": self._sim.samples.take(session, request.headers.get("file_offset"), data)})

    async def download(self, request: Request) -> Response:
        file = self._sim.files.behind(request.path_params["key"], self._sim.now())
        if file is None:
            return json_answer({"error": "The link is not valid, or not any more."}, 404)
        if self._sim.faults.take(("media_unavailable",)):
            return Response("Service Unavailable", 503)
        if self._sim.faults.take(("media_cut",)):
            return Cut(file.data[: len(file.data) // 2], len(file.data))
        data = file.data
        if self._sim.faults.take(("media_wrong_bytes",)):
            data = data[:-1] + bytes([data[-1] ^ 1])
        return Response(data, headers={"Content-Type": file.mime_type})

    async def remove_media(self, request: Request) -> Response:
        self._sim.file(request.path_params["id"])
        self._sim.files.remove(request.path_params["id"])
        return json_answer({"success": True})

    def _file_row(self, file: File, request: Request) -> JsonObject:
        number = request.query_params.get("phone_number_id")
        if number is not None and file.number is not None and number != file.number:
            raise missing_object(file.id)
        key = self._sim.files.link(file, self._sim.now())
        # Where the simulator is mounted, the way to it is in the root path; the base address leaves it out.
        root = request.scope.get("root_path", "")
        size, url = len(file.data), f"{request.url.scheme}://{request.url.netloc}{root}/_media/{key}"
        if self._sim.faults.take(("media_over_size",)):
            size = MAX_FILE_BYTES + 1
        if self._sim.faults.take(("media_elsewhere",)):
            url = "http://169.254.169.254/latest/meta-data"
        return {
            "messaging_product": "whatsapp",
            "url": url,
            "mime_type": file.mime_type,
            "sha256": file.sha256,
            "file_size": str(size),
            "id": file.id,
        }

    # Numbers

    async def node(self, request: Request) -> Response:
        """A number, the account or a template with the fields asked for, or what is known of a file."""
        node = request.path_params["id"]
        if node in self._sim.world.accounts:
            account = self._account(request)
            return json_answer(picked(_account_row(account), request, ACCOUNT_FIELDS))
        if template := self._sim.world.templates.get(node):
            return json_answer(picked(template.row(), request, TEMPLATE_FIELDS))
        if file := self._sim.files.find(node, self._sim.now()):
            return json_answer(self._file_row(file, request))
        return json_answer(picked(number_row(self._sim.number(node)), request, NUMBER_FIELDS))

    async def phone_numbers(self, request: Request) -> Response:
        account = self._account(request)
        numbers = [number for number in self._sim.world.numbers.values() if number.account == account.id]
        rows = [picked(number_row(number), request, NUMBER_FIELDS) for number in numbers]
        return json_answer(page_of(request, rows))

    async def register(self, request: Request) -> Response:
        number = self._sim.number(request.path_params["id"])
        pin = (await read_object(request)).get("pin")
        if not isinstance(pin, str) or not re.fullmatch(r"[0-9]{6}", pin):
            raise GraphError(100, "Param pin must be 6 digits")
        self._sim.signups.check_registrable(number)
        if number.pin not in (None, pin):
            raise GraphError(133005, "The two-step verification PIN is another one")
        self._count_registration(number.registrations)
        number.pin = pin
        number.status, number.platform_type = "CONNECTED", "CLOUD_API"
        return json_answer({"success": True})

    async def deregister(self, request: Request) -> Response:
        number = self._sim.number(request.path_params["id"])
        self._count_registration(number.deregistrations)
        number.status = "DISCONNECTED"
        return json_answer({"success": True})

    async def profile(self, request: Request) -> Response:
        number = self._sim.number(request.path_params["id"])
        known: JsonObject = {"messaging_product": "whatsapp", **dict.fromkeys(PROFILE_FIELDS)}
        asked = picked(known | number.profile, request, tuple(known), with_id=False)
        told: JsonObject = {name: value for name, value in asked.items() if value is not None}
        return json_answer({"data": [told]})

    async def update_profile(self, request: Request) -> Response:
        number = self._sim.number(request.path_params["id"])
        wanted = await read_object(request)
        for name, limit in PROFILE_LIMITS.items():
            if len(str(wanted.get(name) or "")) > limit:
                raise GraphError(100, f"Param {name} must be at most {limit} characters long.")
        websites = wanted.get("websites", [])
        if not isinstance(websites, list) or len(websites) > 2 or any(len(str(site)) > 256 for site in websites):
            raise GraphError(100, "Param websites must be a list of 2 addresses at most, 256 characters each")
        number.profile |= {name: wanted[name] for name in PROFILE_FIELDS if name in wanted}
        return json_answer({"success": True})

    # The account

    async def templates(self, request: Request) -> Response:
        account = self._account(request)
        filters = {name: request.query_params[name] for name in TEMPLATE_FILTERS if name in request.query_params}
        own = account.id == self._options.business_account_id  # every template is the first account's
        rows = (template.row() for template in self._sim.world.templates.values() if own)
        fitting = [row for row in rows if all(row[name] == value for name, value in filters.items())]
        return json_answer(page_of(request, [picked(row, request, TEMPLATE_FIELDS) for row in fitting]))

    async def create_template(self, request: Request) -> Response:
        self._account(request)
        template = self._sim.reviews.add(await read_object(request))
        answer: JsonObject = {"id": template.id, "status": template.status, "category": template.category}

        async def review() -> None:
            self._sim.reviews.decide_by_itself(template)

        return json_answer(answer, background=BackgroundTask(review))

    async def delete_templates(self, request: Request) -> Response:
        """All languages of `name`, or the one with `hsm_id`."""
        self._account(request)
        name, template_id = request.query_params.get("name"), request.query_params.get("hsm_id")
        if name is None:
            raise GraphError(100, "The parameter name is required")
        self._sim.reviews.delete(name, template_id)
        return json_answer({"success": True})

    async def subscriptions(self, request: Request) -> Response:
        account = self._account(request)
        rows: list[Json] = []
        if account.id in self._sim.webhooks.subscribed:
            app: JsonObject = {"id": self._options.app_id, "name": "Simulated app", "link": "https://example.com/"}
            row: JsonObject = {"whatsapp_business_api_data": app}
            if self._sim.webhooks.override_url is not None:
                row["override_callback_uri"] = self._sim.webhooks.override_url
            rows.append(row)
        return json_answer({"data": rows})

    async def subscribe(self, request: Request) -> Response:
        """Webhooks of the account go to the app; an address of its own must answer the handshake first."""
        account = self._account(request)
        wanted = await read_object(request)
        url, token = wanted.get("override_callback_uri"), wanted.get("verify_token")
        if url is not None:
            if not isinstance(url, str) or not isinstance(token, str):
                raise GraphError(100, "override_callback_uri needs a verify_token, both strings")
            await self._verify(url, token)
        self._sim.webhooks.override_url = url
        self._sim.webhooks.subscribed.add(account.id)
        return json_answer({"success": True})

    async def unsubscribe(self, request: Request) -> Response:
        account = self._account(request)
        self._sim.webhooks.subscribed.discard(account.id)
        self._sim.webhooks.override_url = None
        return json_answer({"success": True})

    async def debug_token(self, request: Request) -> Response:
        token = request.query_params.get("input_token")
        if not token:
            raise GraphError(100, "The parameter input_token is required")
        grant = self._sim.signups.grant(token)
        is_revoked = token == self._options.access_token and self._sim.faults.peek(("revoke_token",)) is not None
        is_valid = grant is not None and not is_revoked
        app_id = grant.app_id if grant is not None else self._options.app_id
        data: JsonObject = {"app_id": app_id, "type": "SYSTEM_USER", "is_valid": is_valid}
        if grant is None or not is_valid:
            data |= {"error": {"code": 190, "message": "The access token could not be decrypted"}, "scopes": []}
            return json_answer({"data": data})
        targets: list[Json] = [*grant.accounts]
        scopes: list[Json] = [*grant.scopes]
        granular: list[Json] = [{"scope": scope, "target_ids": targets} for scope in grant.scopes]
        data |= {
            "expires_at": grant.expires_at,
            "data_access_expires_at": 0,
            "scopes": scopes,
            "granular_scopes": granular,
        }
        return json_answer({"data": data})

    # Checks

    def _check_token(self, token: str | None) -> None:
        if token is None:
            raise bad_token("An access token is required to request this resource")
        if token == f"{self._options.app_id}|{self._options.app_secret}":
            return
        if self._sim.signups.grant(token) is None:
            raise bad_token("Invalid OAuth access token - Cannot parse access token")
        if token == self._options.access_token and self._sim.faults.take(("revoke_token",)):
            raise bad_token("Error validating access token: it has been revoked", REVOKED)

    def _account(self, request: Request) -> Account:
        return self._sim.signups.account_of(request.path_params["id"], token_of(request) or "")

    async def _verify(self, url: str, token: str) -> None:
        try:
            await self._sim.webhooks.verify(url, token, self._sim.ids.challenge())
        except WebhookVerificationFailed as error:
            raise GraphError(2200, f"Callback verification failed: {error}") from error

    def _count_registration(self, calls: deque[float]) -> None:
        now = self._sim.now()
        if sum(1 for at in calls if at > now - REGISTRATION_S) >= REGISTRATIONS:
            raise GraphError(133016, f"{REGISTRATIONS} calls in 72 hours at most")
        calls.append(now)


def _account_row(account: Account) -> JsonObject:
    business: JsonObject = {
        "id": account.business_id,
        "name": account.legal_name or account.name,
        "phone": account.phone,
        "website": account.website,
        "email": account.email,
        "country": account.country,
    }
    return {
        "id": account.id,
        "name": account.name,
        "timezone_id": account.time_zone,
        "currency": "USD",
        "business_verification_status": "verified" if account.is_verified else "not_verified",
        "account_review_status": "APPROVED",
        "message_template_namespace": f"ns_{account.id}",
        "owner_business_info": business,
    }


def token_of(request: Request) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() in ("bearer", "oauth") and token.strip():
        return token.strip()
    return request.query_params.get("access_token")
