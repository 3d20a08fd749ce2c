"""Signing in at Meta: what a token reaches, before anything is connected.

The network is asked first, outside any transaction; then the draft is stored, with its token sealed. A code lives 30
seconds, so it is exchanged before anything else.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never

from domain.channels.channels import REQUIRED_PERMISSIONS
from domain.channels.drafts import LIVES, SIGN_IN_WITHIN, ConnectionDraft, DraftAccount, comes_back
from domain.channels.network_refusals import network_refusal
from domain.channels.numbers import AccountFacts
from domain.error_codes import ErrorCode
from domain.errors import Refusal, Refused, forbidden, invalid
from domain.ids import ApiKeyId, BusinessAccountId, ConnectionDraftId, OrganizationId
from domain.people.actors import RIGHTS_OF_ROLE, RIGHTS_OF_SCOPE, Actor, ByIntegration, ByUser, Right
from domain.people.organizations import ApiKey, User
from domain.ports.bundle import Ports
from domain.ports.network import Failed, NotSent, Rejected, TokenFacts, Unanswered
from domain.ports.store import Transaction
from domain.use_cases.again import again_on_collision

ACCOUNTS_AT_MOST = 50
REACHED_WITHIN = timedelta(seconds=60)  # after that no further account is asked, while somebody waits
DRAFTS_AT_MOST = 20  # of one author; the oldest give way
STATE = re.compile(r"(?P<organization>[0-9a-f-]{36})\.(?P<draft>[0-9a-f-]{36})\.(?P<word>[\w~-]{1,200})", re.ASCII)
TOKEN_LIMIT = 4096
CODE_LIMIT = 2048
SECRET_LIMIT = 256
SECRET = re.compile(rf"[\w-]{{1,{SECRET_LIMIT}}}", re.ASCII)
LATER = "The network can't be asked now. Try again in a minute."
SLOW = (
    f"Reading the business accounts takes more than {REACHED_WITHIN.seconds} seconds. Try again in a minute, or use"
    " `channelConnect` with a token and the account's id."
)
STALE_CODE = "Codes are good once and for 30 seconds. Sign in again."


@dataclass(frozen=True, slots=True)
class Discover:
    """Either what a sign-in came back with, or a token of one's own."""

    signup_code: str | None = None
    access_token: str | None = None


@dataclass(frozen=True, slots=True)
class _Reached:
    """What a token reaches, as the network tells it."""

    token: str
    facts: TokenFacts
    accounts: tuple[DraftAccount, ...]


async def discover(ports: Ports, actor: Actor, command: Discover) -> ConnectionDraft | Refusal:
    """A draft of what the sign-in reaches.

    Refuses FORBIDDEN, INVALID (a code that ran out or is another app's, a token that is none or another app's),
    CHANNEL_UNAVAILABLE where the network can't be asked now, or takes too long to tell of all accounts.
    """
    if not actor.may(Right.CHANNELS):
        return forbidden("connect channels")
    if command.signup_code is not None:
        token = await _exchanged(ports, command.signup_code, "signupCode")
    else:
        token = read_token(command.access_token)
    if not isinstance(token, str):
        return token
    reached = await _reach(ports, token, "signupCode" if command.signup_code is not None else "accessToken")
    if not isinstance(reached, _Reached):
        return reached
    now = ports.clock.now()
    id = ConnectionDraftId(ports.ids.new())
    return await _store(ports, _filled(ports, ConnectionDraft(actor.organization, id, actor.author, now, now), reached))


def read_token(text: str | None) -> str | Refused:
    """A token as people paste it: without what a line break or a blank added to it."""
    token = "".join((text or "").split())
    if not token:
        return invalid("A token is needed.", "accessToken")
    if len(token) > TOKEN_LIMIT or not token.isascii() or not token.isprintable():
        return invalid("This is not a token.", "accessToken")
    return token


def read_secret(text: str) -> str | Refused:
    """An app's secret as people paste it: a line break that came with it would have every webhook refused."""
    secret = text.strip()
    if not SECRET.fullmatch(secret):
        return invalid(f"An app secret has 1 to {SECRET_LIMIT} letters, digits, - and _.", "appSecret")
    return secret


# ---------------------------------------------------------------- by redirect


@dataclass(frozen=True, slots=True)
class SignInBegun:
    """Where to send the administrator, and which draft they come back to."""

    url: str
    draft: ConnectionDraft


async def begin_sign_in(ports: Ports, actor: Actor) -> SignInBegun | Refusal:
    """A draft that waits for its administrator to come back from Meta, within 15 minutes."""
    if not actor.may(Right.CHANNELS):
        return forbidden("connect channels")
    now, id, word = ports.clock.now(), ConnectionDraftId(ports.ids.new()), ports.ids.secret()
    url = ports.network.sign_in_url(f"{actor.organization}.{id}.{word}")
    if url is None:
        return Refused(
            ErrorCode.CHANNEL_UNAVAILABLE,
            "This server is not set up for signing in at Meta: whoever runs it has to set DESKLINE_APP_ID,"
            " DESKLINE_APP_SECRETS, DESKLINE_SIGNUP_CONFIG_ID and DESKLINE_PUBLIC_URL. Until then, paste a token.",
        )
    draft = ConnectionDraft(
        actor.organization, id, actor.author, now, now + SIGN_IN_WITHIN, state_print=ports.vault.print(word)
    )
    return SignInBegun(url, await _store(ports, draft))


async def finish_sign_in(ports: Ports, state: str, code: str | None) -> ConnectionDraft | Refusal:
    """What came back from Meta with a draft's word, by whatever browser: the draft stays its administrator's.

    Refuses INVALID (an unknown, used or late word, a code that ran out, somebody who said no), FORBIDDEN where the
    administrator is none any more, CHANNEL_UNAVAILABLE.
    """
    known = await _waiting(ports, state)
    if known is None:
        return _unknown_state()
    waiting = await _taken_up(ports, *known)
    if not isinstance(waiting, ConnectionDraft):
        return waiting
    if not code:
        return invalid("The sign-in was broken off at Meta. Begin it again.", "signupCode")
    token = await _exchanged(ports, code, "signupCode")
    if not isinstance(token, str):
        return token
    reached = await _reach(ports, token, "signupCode")
    return await _store(ports, _filled(ports, waiting, reached)) if isinstance(reached, _Reached) else reached


async def _waiting(ports: Ports, state: str) -> tuple[ConnectionDraft, str] | None:
    """The draft that waits for this word, and the word's print. Anybody may ask, so nothing is written for it."""
    named = STATE.fullmatch(state)
    if named is None:
        return None
    organization, id = OrganizationId(named["organization"]), ConnectionDraftId(named["draft"])
    draft = (await ports.reader.by_ids(ConnectionDraft, organization, [id])).get(id)
    state_print = ports.vault.print(named["word"])
    if draft is None or not comes_back(draft, state_print, ports.clock.now()):
        return None
    return draft, state_print


@again_on_collision
async def _taken_up(ports: Ports, known: ConnectionDraft, state_print: str) -> ConnectionDraft | Refusal:
    """The waiting draft; its word is good no longer."""
    async with ports.store.transaction(known.organization) as tx:
        draft = await tx.row(ConnectionDraft, known.id)
        if draft is None or not comes_back(draft, state_print, ports.clock.now()):
            return _unknown_state()
        taken_up = replace(draft, state_print=None)
        tx.save(taken_up)
        return taken_up if await _still_may(tx, draft.author, ports.clock.now()) else forbidden("connect channels")


async def _still_may(tx: Transaction, author: ByUser | ByIntegration, now: datetime) -> bool:
    match author:
        case ByUser(user=id):
            user = await tx.row(User, id)
            return user is not None and user.active and Right.CHANNELS in RIGHTS_OF_ROLE[user.role]
        case ByIntegration(api_key=key_id):
            key = await tx.row(ApiKey, ApiKeyId(key_id))
            good = key is not None and key.is_good(now)
            return key is not None and good and any(Right.CHANNELS in RIGHTS_OF_SCOPE[each] for each in key.scopes)
        case _:
            assert_never(author)


def _unknown_state() -> Refused:
    return invalid("This sign-in is unknown here, was used, or took longer than 15 minutes. Begin it again.", "state")


# ---------------------------------------------------------------- asking the network


async def _exchanged(ports: Ports, code: str, field: str) -> str | Refusal:
    if not 1 <= len(code) <= CODE_LIMIT or not code.isascii() or not code.isprintable():
        return invalid("This is not a sign-in's code.", field)
    token = await ports.network.exchanged(code)
    match token:
        case str():
            return token
        case Rejected(message=message):
            return invalid(f"Exchanging the code: the network refused it: {message} {STALE_CODE}", field)
        case NotSent() | Unanswered():
            return Refused(ErrorCode.CHANNEL_UNAVAILABLE, f"{LATER} A code is good once: sign in again.", (field,))
        case _:
            assert_never(token)


async def _reach(ports: Ports, token: str, field: str) -> _Reached | Refusal:
    begun_at = ports.clock.now()
    facts = await ports.network.token_facts(token)
    if not isinstance(facts, TokenFacts):
        return failure("Checking the token", facts, field)
    if refusal := token_refusal(ports, facts, field):
        return refusal
    listed = await _accounts(ports, token, facts)
    if not isinstance(listed, list):
        return failure("Listing the business accounts", listed, field)
    accounts: list[DraftAccount] = []
    for id in listed[:ACCOUNTS_AT_MOST]:
        if ports.clock.now() - begun_at >= REACHED_WITHIN:
            return Refused(ErrorCode.CHANNEL_UNAVAILABLE, SLOW, (field,))
        account = await _account(ports, token, facts, id)
        if not isinstance(account, DraftAccount):
            return failure("Reading the business account", account, field)
        accounts.append(account)
    return _Reached(token, facts, tuple(accounts))


def token_refusal(ports: Ports, facts: TokenFacts, field: str, *, own_secret: bool = False) -> Refused | None:
    """Whether the network takes the token, and it is of an app whose webhooks can be believed here."""
    if not facts.valid:
        return invalid("The network says that this token is not valid. Make a new one, or sign in again.", field)
    ours = ports.network.app_id
    if ours is not None and facts.app_id not in (None, ours) and not own_secret:
        return invalid(
            f"This token is of another app ({facts.app_id}). Make one with this server's app ({ours}), or connect with"
            " `channelConnect`, the token and that app's secret.",
            field,
        )
    return None


async def _accounts(ports: Ports, token: str, facts: TokenFacts) -> list[BusinessAccountId] | Failed:
    """Those that were chosen at the sign-in; where none were named, all that the token's owner has."""
    named = {id for permission in REQUIRED_PERMISSIONS for id in facts.accounts.get(permission, ())}
    if named:
        return sorted(named)
    if REQUIRED_PERMISSIONS[0] not in facts.permissions:
        return []
    reached = await ports.network.accounts_reached(token)
    # A token that may not list its businesses is no worse for it: the account's id can be entered by hand.
    return [] if isinstance(reached, Rejected) else reached


async def _account(ports: Ports, token: str, facts: TokenFacts, id: BusinessAccountId) -> DraftAccount | Failed:
    """One that the network refuses is shown as one that is not reached in full: the others are none the worse."""
    account = await ports.network.account_facts(token, id)
    numbers = await ports.network.numbers(token, id) if isinstance(account, AccountFacts) else account
    if isinstance(account, Rejected) or isinstance(numbers, Rejected):
        shown = account if isinstance(account, AccountFacts) else AccountFacts(id, "", verified=False)
        return DraftAccount(shown, (), in_full=False)
    if not isinstance(account, AccountFacts):
        return account
    if not isinstance(numbers, list):
        return numbers
    in_full = all(id in facts.accounts.get(permission, (id,)) for permission in REQUIRED_PERMISSIONS)
    return DraftAccount(account, tuple(numbers), in_full)


def failure(step: str, failed: Failed, field: str) -> Refused:
    """What the network's failure in a step means to a person."""
    match failed:
        case Rejected():
            return network_refusal(failed, step, field)
        case NotSent() | Unanswered():
            return Refused(ErrorCode.CHANNEL_UNAVAILABLE, f"{step}: {LATER[0].lower()}{LATER[1:]}")
        case _:
            assert_never(failed)


def _filled(ports: Ports, draft: ConnectionDraft, reached: _Reached) -> ConnectionDraft:
    return replace(
        draft,
        expires_at=ports.clock.now() + LIVES,
        access_token=ports.vault.seal(draft.organization, "access_token", reached.token),
        state_print=None,
        app_id=reached.facts.app_id,
        permissions=tuple(sorted(reached.facts.permissions)),
        accounts=reached.accounts,
    )


@again_on_collision
async def _store(ports: Ports, draft: ConnectionDraft) -> ConnectionDraft:
    async with ports.store.transaction(draft.organization) as tx:
        known = await tx.all_of(ConnectionDraft)
        others = [each for each in known if each.author == draft.author and each.id != draft.id]
        others.sort(key=lambda each: (each.created_at, each.id))
        tx.remove(*others[: max(0, len(others) + 1 - DRAFTS_AT_MOST)])
        tx.save(draft)
    return draft
