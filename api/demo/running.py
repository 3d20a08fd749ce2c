"""`deskline demo`: the whole desk in one process, beside a simulated network with two phones. For this machine only."""

import asyncio
import contextlib
import os
import secrets
import socket
import sys
import tempfile
import webbrowser
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Final
from urllib.parse import quote

import httpx
from pydantic import SecretStr
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from adapters.private import make_private_folder
from adapters.whatsapp.simulator import Simulator, SimulatorOptions, simulator_app
from adapters.whatsapp.simulator.options import PersonOptions
from api.demo.gallery import Gallery
from api.http.app import serving
from api.http.errors import again_in, error_answer
from api.http.server import serve
from api.http.sockets import address_of
from api.http.webhooks import PATH
from api.settings import Settings
from api.wiring import wired
from domain.channels.channels import Channel, ChannelState
from domain.conversations.library import LibraryItem, LibraryItemKind
from domain.ids import BusinessAccountId, PhoneNumberId
from domain.people.actors import Actor, Role, user_actor
from domain.people.callers import NOWHERE
from domain.people.organizations import User
from domain.ports.bundle import Ports
from domain.use_cases.again import again_on_collision
from domain.use_cases.channels.connect import ConnectChannel, connect_channel
from domain.use_cases.conversations.library import CreateItem, create_item
from domain.use_cases.people.access import SignedIn, SignInAsked, sign_in
from domain.use_cases.people.bootstrap import Bootstrap, Bootstrapped, bootstrap
from domain.use_cases.people.people import CreateUser, create_user

MOUNT: Final = "/simulator"
ORGANIZATION: Final = "Acme"
PASSWORD: Final = "deskline-demo"
ADMIN_NAME, ADMIN_EMAIL = "Alex Kim", "alex@acme.example"
AGENTS: Final = (("Sam Rivera", "sam@acme.example"), ("Noor Haddad", "noor@acme.example"))
GALLERY: Final = PersonOptions("Every Kind", "15550100019")
LIBRARY: Final = (
    CreateItem(LibraryItemKind.SNIPPET, "Delivery times", "Orders leave the same day and arrive within three."),
    CreateItem(LibraryItemKind.MEETING_LINK, "Book a call", "Choose a time:", "https://acme.example/book"),
    CreateItem(LibraryItemKind.KNOWLEDGE_ARTICLE, "How to return something", url="https://acme.example/help/returns"),
)
OPENING: Final = "Hi! My order 1042 was to come yesterday. Can you see where it is?"
LOOPBACK: Final = ["127.0.0.1", "localhost"]


async def run_demo(
    sock: socket.socket, *, open_browser: bool, directory: Path | None, with_gallery: bool = False
) -> None:
    """Until Ctrl+C. What a fresh start shows is there before the address is told."""
    with _kept_or_not(directory) as folder:
        address = address_of(sock)
        simulator = Simulator(
            SimulatorOptions(
                webhook_url=address + PATH,
                app_secret=secrets.token_hex(16),
                verify_token=secrets.token_hex(16),
                access_token=f"demo-{secrets.token_hex(16)}",
                status_delay_s=0.2,
            )
        )
        settings = _settings(folder, address, simulator.options)
        async with wired(settings) as desk:
            stage = Stage(desk.ports, simulator, address)
            server = serving(settings, desk, extra=stage.routes())
            app = TrustedHostMiddleware(server.app, allowed_hosts=LOOPBACK, www_redirect=False)

            async def drain() -> None:
                simulator.hints.end()
                await server.drain()

            async def started() -> None:
                await stage.set(with_gallery=with_gallery)
                _greet(address)
                if open_browser and _has_screen():
                    await asyncio.to_thread(webbrowser.open, address)

            async with simulator.running():
                await serve(app, sock, drain=drain, started=started)


class Stage:
    """Acme, its people, its number, and the first words of a customer; and what the page is told of them."""

    def __init__(self, ports: Ports, simulator: Simulator, address: str) -> None:
        self._ports = ports
        self._simulator = simulator
        self._address = address
        self._token: str | None = None

    def routes(self) -> list[BaseRoute]:
        return [Route("/demo.json", self.tell), Mount(MOUNT, simulator_app(self._simulator))]

    async def tell(self, request: Request) -> Response:
        if self._token is None:
            return error_answer("UNAVAILABLE", "The demo is still being set up.", 503, headers=again_in(1))
        number = self._simulator.options.numbers[0]
        phones = [{"id": person.id, "name": person.name} for person in self._simulator.world.people]
        demo = {
            "token": self._token,
            "simulator": MOUNT,
            "phones": phones,
            "number": number.id,
            "numberDisplay": number.display_phone_number,
        }
        return JSONResponse(demo, headers={"Cache-Control": "no-store"})

    async def set(self, *, with_gallery: bool = False) -> None:
        is_new = await self._people()
        signed_in = await sign_in(self._ports, SignInAsked(ADMIN_EMAIL, PASSWORD, NOWHERE))
        assert isinstance(signed_in, SignedIn), signed_in
        admin = signed_in.user
        actor = user_actor(admin.organization, admin.id, admin.role, None)
        channel = await self._number(actor)
        if is_new:
            await self._first_words()
        if with_gallery:
            await self._gallery(actor, channel)
        self._token = signed_in.token

    async def _people(self) -> bool:
        """Whether they are new: in a directory that was used before they are there."""
        begun = await bootstrap(self._ports, Bootstrap(ORGANIZATION, ADMIN_EMAIL, PASSWORD))
        if not isinstance(begun, Bootstrapped):
            return False
        async with self._ports.store.transaction(begun.organization) as tx:
            admin = await tx.row(User, begun.user)
            assert admin is not None
            tx.save(replace(admin, name=ADMIN_NAME))
        actor = user_actor(begun.organization, begun.user, Role.ADMIN, None)
        for name, email in AGENTS:
            made = await create_user(self._ports, actor, CreateUser(name, email, Role.AGENT, PASSWORD))
            assert isinstance(made, User), made
        for item in LIBRARY:
            kept = await create_item(self._ports, actor, item)
            assert isinstance(kept, LibraryItem), kept
        return True

    async def _gallery(self, actor: Actor, channel: Channel) -> None:
        self._simulator.world.add_person(GALLERY)
        async with httpx.AsyncClient(base_url=self._address + MOUNT, trust_env=False) as phone:
            await Gallery(self._ports, actor, channel, phone, GALLERY.wa_id or "").fill()

    async def _number(self, actor: Actor) -> Channel:
        """Connected as any number would be, over HTTP; one that was connected before is only subscribed anew."""
        options = self._simulator.options
        token, account = options.access_token, BusinessAccountId(options.business_account_id)
        number = PhoneNumberId(options.numbers[0].id)
        command = ConnectChannel(accept_terms=True, access_token=token, account=account, number=number)
        channel = await connect_channel(self._ports, actor, command)
        if isinstance(channel, Channel):
            return channel
        known = next(
            each
            for each in await self._ports.reader.all_of(Channel, actor.organization, "created_at")
            if each.phone_number_id == number
        )
        sealed = self._ports.vault.seal(actor.organization, "access_token", token)
        failed = await self._ports.network.subscribe(token, account)
        assert failed is None, failed
        return await _again_with(self._ports, known, sealed)

    async def _first_words(self) -> None:
        person, number = self._simulator.world.people[0], self._simulator.options.numbers[0]
        async with httpx.AsyncClient(base_url=self._address + MOUNT, trust_env=False) as phone:
            said = await phone.post(f"/_sim/people/{person.id}/messages", json={"to": number.id, "text": OPENING})
        said.raise_for_status()


@again_on_collision
async def _again_with(ports: Ports, known: Channel, sealed: str) -> Channel:
    """A new network knows neither the token nor the subscription of the last start; a worker may have seen that."""
    async with ports.store.transaction(known.organization) as tx:
        found = await tx.row(Channel, known.id)
        assert found is not None
        channel = replace(
            found,
            access_token=sealed,
            state=ChannelState.CONNECTED,
            token_valid=True,
            webhook_subscribed=True,
            problems=(),
        )
        tx.save(channel)
    return channel


def _settings(folder: Path, address: str, network: SimulatorOptions) -> Settings:
    """Of its own in everything that matters, so that a demo never touches a real desk's data or network."""
    return Settings(
        database_url=f"sqlite:///{quote(str((folder / 'demo.db').absolute()))}",
        redis_url=None,
        secret_key=None,
        public_url=address,
        graph_api_url=address + MOUNT,
        app_secrets=(SecretStr(network.app_secret),),
        app_id=network.app_id,
        signup_config_id="1",
        verify_token=SecretStr(network.verify_token),
        encryption_keys=(),
        allowed_origins=(),
        trusted_proxies=(),
    )


@contextlib.contextmanager
def _kept_or_not(directory: Path | None) -> Generator[Path, None, None]:
    if directory is not None:
        make_private_folder(directory)
        yield directory
        return
    with tempfile.TemporaryDirectory(prefix="deskline-demo-") as folder:
        yield Path(folder)


def _has_screen() -> bool:
    """Without one, a browser for terminals would take the terminal over."""
    return sys.platform != "linux" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _greet(address: str) -> None:
    lines = (
        f"Deskline is at {address}",
        "",
        "On the left the inbox, on the right two simulated phones: write on one of them, and answer it.",
        f"Another window can sign in as {AGENTS[0][1]} with the password {PASSWORD}.",
        "Ctrl+C ends the demo.",
    )
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
