"""A desk in memory for tests of the edge: every port, and a number connected to ACME."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import TypeAlias

import httpx
from argon2 import PasswordHasher

from adapters.bus import MemoryBus
from adapters.memory.media import MemoryMedia
from adapters.memory.storage.database import MemoryDatabase
from adapters.memory.throttle import MemoryThrottle
from adapters.reading import Beside
from adapters.secrets import AesVault, Argon2Passwords
from adapters.system import SystemIds
from adapters.whatsapp.client import CloudApi, http_client
from adapters.whatsapp.inbound.updates import CloudInterpreter
from domain.channels.channels import Channel
from domain.ids import BusinessAccountId, ChannelId, OrganizationId, PhoneNumberId
from domain.ports.bundle import Ports
from domain.ports.directory import DirectoryEntry
from domain.ports.system import Clock
from tests.builders import ACME, FixedClock, a_channel, an_organization

Answering: TypeAlias = Callable[[httpx.Request], httpx.Response]
AnsweringLater: TypeAlias = Callable[[httpx.Request], Coroutine[None, None, httpx.Response]]
Network: TypeAlias = Answering | AnsweringLater


def nobody_answers(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("there is no network here")


def memory_ports(network: Network = nobody_answers, clock: Clock | None = None) -> Ports:
    clock, ids, bus = clock or FixedClock(), SystemIds(), MemoryBus()
    database = MemoryDatabase(clock, ids, bus)
    return Ports(
        clock=clock,
        ids=ids,
        store=database.store,
        webhook_inbox=database.webhook_inbox,
        directory=database.directory,
        reader=database.reader,
        bus=bus,
        network=CloudApi("http://network.test", "v26.0", http_client(httpx.MockTransport(network)), ids),
        interpreter=Beside(CloudInterpreter()),
        vault=AesVault([b"k" * 32]),
        passwords=Argon2Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)),
        throttle=MemoryThrottle(clock),
        media=MemoryMedia(),
    )


@dataclass(frozen=True, slots=True)
class BusinessNumber:
    """A business number as the tests speak of it."""

    number: str
    account: str
    secret: str | None = None


async def connect(ports: Ports, line: BusinessNumber, organization: OrganizationId = ACME) -> Channel:
    """The number, connected to an organization that is there from now on."""
    vault = ports.vault
    plain = a_channel(
        ChannelId(ports.ids.new()),
        organization=organization,
        phone_number_id=PhoneNumberId(line.number),
        account=BusinessAccountId(line.account),
        access_token=vault.seal(organization, "access_token", "token"),
    )
    channel = replace(
        plain,
        app_secret=vault.seal(organization, "app_secret", line.secret) if line.secret else None,
        app_secret_print=vault.print(line.secret) if line.secret else None,
    )
    async with ports.store.transaction(organization) as tx:
        tx.save(an_organization(organization), channel)
        await tx.enlist(DirectoryEntry.ORGANIZATION, organization, organization)
        await tx.enlist(DirectoryEntry.NUMBER, line.number, line.number)
        await tx.enlist(DirectoryEntry.ACCOUNT, line.account, line.account)
    return channel
