"""What a simulator is started with. Every value has a default that works at once."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import httpx

from adapters.whatsapp.simulator.graph.templates import SEEDED_TEMPLATES, Template, TemplateReview


@dataclass(frozen=True, slots=True)
class NumberOptions:
    """A business number: its id, how it is shown, and the name people see."""

    id: str
    display_phone_number: str
    verified_name: str


@dataclass(frozen=True, slots=True)
class PersonOptions:
    """A simulated phone. `wa_id` None is somebody who shows a user name instead of a number.

    Without `user_id` one is derived from the number.
    """

    name: str
    wa_id: str | None
    user_id: str | None = None
    username: str | None = None


DEFAULT_NUMBERS: Final = (
    NumberOptions("200000000000001", "+1 555-010-0001", "Acme Support"),
    NumberOptions("200000000000002", "+1 555-010-0002", "Acme Sales"),
)
DEFAULT_PEOPLE: Final = (
    PersonOptions("Ada Moreno", "15550100011"),
    PersonOptions("Ben Okafor", "15550100012"),
)


@dataclass(frozen=True, slots=True)
class SimulatorOptions:
    """`clock` gives seconds since 1970; `sleep` is what the pauses before retries and statuses wait on.

    `transport` carries the webhook posts (None: the network). With `seed` all ids come in the same order every time.
    """

    webhook_url: str | None = None
    app_secret: str = "simulator-secret"
    app_id: str = "300000000000001"
    verify_token: str = "simulator-verify"
    access_token: str = "simulator-token"
    business_account_id: str = "100000000000001"
    business_account_name: str = "Acme"
    numbers: tuple[NumberOptions, ...] = DEFAULT_NUMBERS
    people: tuple[PersonOptions, ...] = DEFAULT_PEOPLE
    templates: tuple[Template, ...] = SEEDED_TEMPLATES
    subscribed: bool = False  # True: as if POST /{account}/subscribed_apps had been called
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    transport: httpx.AsyncBaseTransport | None = None
    auto_deliver: bool = True  # `sent` and `delivered` follow a send by themselves
    auto_read: bool = False  # and `read` after them
    status_delay_s: float = 0.0  # before each status that follows by itself
    template_review: TemplateReview = "by_hand"  # what becomes of a new template
    hold_s: float = 60.0  # how long `timeout_after_accept` keeps a caller waiting
    post_timeout_s: float = 10.0
    max_attempts: int = 10  # of a webhook post, pauses 1 s, 2 s, 4 s, …
    max_concurrent_posts: int = 16
    throughput: int = 80  # messages a second of a number, in and out; a send beyond it is refused with 130429
    pair_burst: int = 45  # to one person; then 1 in 6 s, and 131056 beyond it
    seed: int | None = None
