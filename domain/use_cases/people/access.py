"""Who is asking: API keys, sign-ins, and what open connections may still see."""

import hashlib
from collections import defaultdict
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never

from domain.errors import Refusal, Unavailable, invalid
from domain.ids import ApiKeyId, OrganizationId, SignInId, UserId
from domain.people.actors import Actor, ByIntegration, ByUser, key_actor, user_actor
from domain.people.callers import Caller
from domain.people.organizations import ApiKey, SignIn, User, normal_email
from domain.ports.bundle import Ports
from domain.ports.directory import DirectoryEntry
from domain.use_cases.again import again_on_collision
from domain.use_cases.people.guessing import slowly

KEY_PREFIX = "dk_"
TOKEN_PREFIX = "ds_"
SIGNED_IN_FOR = timedelta(days=14)
USE_NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class SignInAsked:
    email: str
    password: str
    caller: Caller  # where the request came from, to slow down guessing


@dataclass(frozen=True, slots=True)
class SignedIn:
    token: str  # shown this once
    expires_at: datetime
    user: User


def secret_hash(secret: str) -> str:
    """How a secret of ours is stored. It is random, so a fast hash is as good as a slow one."""
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()  # whatever somebody claims it to be


async def authenticate(ports: Ports, bearer: str) -> Actor | None:
    """The actor behind an API key or a sign-in token; None where it is unknown, ended, expired or revoked."""
    kind = DirectoryEntry.KEY if bearer.startswith(KEY_PREFIX) else DirectoryEntry.TOKEN
    found = await ports.directory.find(kind, [secret_hash(bearer)])
    if not found:
        return None
    _, organization, ref = found[0]
    if kind is DirectoryEntry.TOKEN:
        return await _signed_in(ports, organization, SignInId(ref))
    keys = await ports.reader.by_ids(ApiKey, organization, [ApiKeyId(ref)])
    key = keys.get(ApiKeyId(ref))
    if key is None or not key.is_good(ports.clock.now()):
        return None
    with suppress(Unavailable):  # a full disk or a busy writer: reading goes on, and the hint is older for a while
        await _note_use(ports, key)
    return key_actor(organization, key.id, key.scopes)


async def sign_in(ports: Ports, attempt: SignInAsked) -> SignedIn | Refusal:
    """A new sign-in. Wrong words and unknown addresses get one answer, and cost the same.

    Raises Throttled where wrong words were tried too often from there. The right ones from elsewhere always work.
    """
    email = normal_email(attempt.email)

    async def who_knows() -> User | None:
        listed = await ports.directory.find(DirectoryEntry.EMAIL, [email])
        return await _fitting_user(ports, [(org, UserId(ref)) for _, org, ref in listed], attempt.password)

    user = await slowly(ports, f"sign-in:{secret_hash(email)}", attempt.caller, who_knows)
    if user is None:
        return invalid("The address or the password is wrong.")
    return await _begin(ports, user)


@again_on_collision
async def _begin(ports: Ports, user: User) -> SignedIn:
    now = ports.clock.now()
    token = TOKEN_PREFIX + ports.ids.secret()
    begun = SignIn(user.organization, SignInId(ports.ids.new()), user.id, secret_hash(token), now, now + SIGNED_IN_FOR)
    async with ports.store.transaction(user.organization) as tx:
        await tx.enlist(DirectoryEntry.TOKEN, begun.token_hash, begun.id)
        tx.save(begun)
    return SignedIn(token, begun.expires_at, user)


@again_on_collision
async def sign_out(ports: Ports, actor: Actor) -> Refusal | None:
    """End the sign-in the request came with; its sockets close."""
    if actor.sign_in is None:
        return invalid("An API key is revoked, not signed out.")
    async with ports.store.transaction(actor.organization) as tx:
        begun = await tx.row(SignIn, actor.sign_in)
        if begun is not None and begun.ended_at is None:
            tx.save(replace(begun, ended_at=ports.clock.now()))
            await tx.delist(DirectoryEntry.TOKEN, begun.token_hash)
    return None


def live_key(actor: Actor) -> str:
    """One text per key or sign-in, under which `rights_now` answers."""
    return f"{actor.key}/{actor.sign_in or ''}"


async def rights_now(ports: Ports, actors: Collection[Actor]) -> dict[str, Actor | None]:
    """What each actor may do now, by `live_key`; None where the key, the sign-in or the user is gone."""
    by_organization: defaultdict[OrganizationId, dict[str, Actor]] = defaultdict(dict)
    for actor in actors:
        by_organization[actor.organization][live_key(actor)] = actor
    answer: dict[str, Actor | None] = {}
    for organization, by_key in by_organization.items():
        answer |= await _rights_in(ports, organization, by_key)
    return answer


async def _rights_in(ports: Ports, organization: OrganizationId, by_key: dict[str, Actor]) -> dict[str, Actor | None]:
    now = ports.clock.now()
    key_ids = [actor.author.api_key for actor in by_key.values() if isinstance(actor.author, ByIntegration)]
    user_ids = [actor.author.user for actor in by_key.values() if isinstance(actor.author, ByUser)]
    sign_in_ids = [actor.sign_in for actor in by_key.values() if actor.sign_in is not None]
    keys = await ports.reader.by_ids(ApiKey, organization, key_ids) if key_ids else {}
    users = await ports.reader.by_ids(User, organization, user_ids) if user_ids else {}
    sign_ins = await ports.reader.by_ids(SignIn, organization, sign_in_ids) if sign_in_ids else {}

    def right_now(actor: Actor) -> Actor | None:
        match actor.author:
            case ByIntegration(api_key):
                key = keys.get(api_key)
                return key_actor(organization, key.id, key.scopes) if key and key.is_good(now) else None
            case ByUser(user_id):
                user = users.get(user_id)
                begun = sign_ins.get(actor.sign_in) if actor.sign_in else None
                if user is None or not user.active or begun is None or not begun.is_good(now):
                    return None
                return user_actor(organization, user.id, user.role, begun.id)
            case _:
                assert_never(actor.author)

    return {name: right_now(actor) for name, actor in by_key.items()}


async def _signed_in(ports: Ports, organization: OrganizationId, id: SignInId) -> Actor | None:
    begun = (await ports.reader.by_ids(SignIn, organization, [id])).get(id)
    if begun is None or not begun.is_good(ports.clock.now()):
        return None
    user = (await ports.reader.by_ids(User, organization, [begun.user])).get(begun.user)
    if user is None or not user.active:
        return None
    return user_actor(organization, user.id, user.role, begun.id)


async def _note_use(ports: Ports, key: ApiKey) -> None:
    now = ports.clock.now()
    if key.last_used_at is not None and now - key.last_used_at < USE_NOTED_EVERY:
        return
    if await ports.throttle.take(f"noting:{key.id}", 1, USE_NOTED_EVERY.total_seconds()) is not None:
        return  # somebody else notes it, or it failed a moment ago: nobody waits for it again and again
    await _keep_use(ports, key, now)


@again_on_collision
async def _keep_use(ports: Ports, key: ApiKey, now: datetime) -> None:
    async with ports.store.transaction(key.organization, background=True) as tx:
        fresh = await tx.row(ApiKey, key.id)
        if fresh is not None:
            tx.save(replace(fresh, last_used_at=now))


async def _fitting_user(ports: Ports, candidates: list[tuple[OrganizationId, UserId]], password: str) -> User | None:
    """The active user whose password this is. An unknown address costs one hash as well."""
    fitting: User | None = None
    checked = False
    for organization, id in candidates:
        user = (await ports.reader.by_ids(User, organization, [id])).get(id)
        if user is None:
            continue
        checked = True
        if await ports.passwords.fits(password, user.password_hash) and user.active and fitting is None:
            fitting = user
    if not checked:
        await ports.passwords.fits(password, None)
    return fitting
