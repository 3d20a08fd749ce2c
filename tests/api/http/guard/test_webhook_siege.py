"""Strangers who want to switch the webhook off, over real sockets; and Meta, whose posts come all the same."""

import asyncio
from collections.abc import Collection
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest
from starlette.applications import Starlette

from api.http.webhooks import PATH, WhatsAppWebhook
from api.metrics import Meters
from domain.ids import OrganizationId
from domain.ports.bundle import Ports
from domain.ports.directory import Directory, DirectoryEntry
from tests.api.http.guard.strangers import ELSEWHERE, HERE, a_post, serving_app, stranger
from tests.api.http.test_webhooks import APP_SECRET, OURS, a_body, kept, refused, signed
from tests.api.memory_desk import memory_ports

MOST = 4
BODY = a_body(OURS)
FORGED = {"X-Hub-Signature-256": "sha256=" + "0" * 64}


def a_webhook(ports: Ports, meters: Meters, *, max_per_address: int = MOST) -> Starlette:
    webhook = WhatsAppWebhook(
        ports,
        meters,
        app_secrets=[APP_SECRET],
        verify_token=None,
        max_in_flight=MOST,
        max_per_address=max_per_address,
    )
    return Starlette(routes=webhook.routes())


async def deliver(port: int, headers: dict[str, str], *, address: str = HERE) -> int:
    async with stranger(port, address=address) as sender:
        await sender.say(a_post(PATH, length=len(BODY), headers=headers) + BODY)
        return await sender.status()


@pytest.mark.parametrize("headers", [{}, {"X-Hub-Signature-256": "sha256=short"}], ids=["none", "malformed"])
async def test_without_a_signature_a_post_is_refused_before_its_body(headers: dict[str, str]) -> None:
    async with serving_app(a_webhook(memory_ports(), Meters())) as port, stranger(port) as somebody:
        await somebody.say(a_post(PATH, length=1_000, headers=headers) + b"{")

        assert await somebody.status() == 401


@pytest.mark.parametrize("attacker", [ELSEWHERE, HERE], ids=["from elsewhere", "behind the same proxy"])
async def test_posts_that_send_one_byte_and_stop_keep_nobody_out(attacker: str) -> None:
    ports, meters = memory_ports(), Meters()
    async with serving_app(a_webhook(ports, meters)) as port, AsyncExitStack() as open_:
        for _ in range(4 * MOST):
            somebody = await open_.enter_async_context(stranger(port, address=attacker))
            await somebody.say(a_post(PATH, length=1_000, headers=FORGED) + b"{")

        assert [await deliver(port, signed(BODY)) for _ in range(3)] == [200, 200, 200]
        assert len(await kept(ports)) == 3
        assert refused(meters, "busy") >= 3 * MOST


async def test_who_made_room_is_told_to_come_again() -> None:
    async with (
        serving_app(a_webhook(memory_ports(), Meters(), max_per_address=1)) as port,
        stranger(port) as first,
        stranger(port) as second,
    ):
        for somebody in (first, second):
            await somebody.say(a_post(PATH, length=1_000, headers=FORGED) + b"{")

        assert await first.status() == 503


async def test_whole_bodies_with_forged_signatures_take_no_more_than_an_addresss_share() -> None:
    """Their secret is looked up, which takes as long as the database does."""
    ports = memory_ports()
    slow = SlowDirectory(ports.directory)
    ports = replace(ports, directory=slow)
    async with serving_app(a_webhook(ports, Meters(), max_per_address=1)) as port:
        looked_up = asyncio.create_task(deliver(port, FORGED, address=ELSEWHERE))
        await slow.is_asked.wait()

        assert await deliver(port, FORGED, address=ELSEWHERE) == 503
        assert await deliver(port, signed(BODY), address=ELSEWHERE) == 200

        slow.may_answer.set()
        assert await looked_up == 401


class SlowDirectory:
    """Answers when it is told to."""

    def __init__(self, inner: Directory) -> None:
        self._inner = inner
        self.is_asked = asyncio.Event()
        self.may_answer = asyncio.Event()

    async def organizations(self) -> list[OrganizationId]:
        return await self._inner.organizations()

    async def find(self, kind: DirectoryEntry, values: Collection[str]) -> list[tuple[str, OrganizationId, str]]:
        self.is_asked.set()
        await self.may_answer.wait()
        return await self._inner.find(kind, values)
