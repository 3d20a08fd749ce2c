"""The Graph API's answers into facts. An element of a list that can't be used is left out.

Source: WhatsApp Business Platform, "Phone numbers"; Graph API, "Debug token".
"""

import re
from datetime import UTC, datetime, timedelta

import msgspec

from adapters.whatsapp.inbound.reading import Word, as_code, as_id, as_object, as_text, read_model
from domain.channels.numbers import AccountFacts, NumberFacts
from domain.channels.profiles import BusinessProfile
from domain.ids import BusinessAccountId, PhoneNumberId
from domain.people.organizations import NAME_LIMIT
from domain.ports.network import FileFacts, TokenFacts
from domain.text.names import in_one_line

NUMBER_FIELDS = (
    "id,display_phone_number,verified_name,quality_rating,code_verification_status,throughput,status,"
    "name_status,platform_type,whatsapp_business_manager_messaging_limit"
)
PROFILE_FIELDS = "about,address,description,email,websites,vertical"

PROFILE_TEXT_LIMIT = 1000  # characters; the network's own limits are lower
WEBSITES_LIMIT = 10
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PER_SECOND = {"STANDARD": 80, "HIGH": 1000}
_TIER = re.compile(r"TIER_([0-9]{1,6})(K?)")


# Tokens, accounts, numbers


class _Scope(msgspec.Struct):
    scope: Word = None
    target_ids: list[Word] | None = None


class _Token(msgspec.Struct):
    app_id: Word = None
    is_valid: bool | None = None
    expires_at: int | None = None  # seconds since 1970, 0 for never
    scopes: list[Word] | None = None
    granular_scopes: list[_Scope] | None = None


def token_facts(data: dict[str, object]) -> TokenFacts:
    token, _ = read_model(data, _Token)
    scopes = (as_text(scope) for scope in token.scopes or [])
    return TokenFacts(
        valid=token.is_valid is True,
        permissions=frozenset(scope for scope in scopes if scope),
        app_id=as_id(token.app_id),
        expires_at=_expiry(token.expires_at),
        accounts={
            name: frozenset(BusinessAccountId(id) for target in each.target_ids if (id := as_id(target)))
            for each in token.granular_scopes or []
            if (name := as_text(each.scope)) and each.target_ids
        },
    )


def account_facts(account: BusinessAccountId, node: dict[str, object]) -> AccountFacts:
    verification = (as_text(node.get("business_verification_status")) or "").lower()
    return AccountFacts(account, _name(node.get("name")), verified=verification == "verified")


class _File(msgspec.Struct):
    url: Word = None
    sha256: Word = None
    file_size: Word = None  # a number or a text of digits


def file_facts(node: dict[str, object]) -> FileFacts | None:
    """None where it does not say where the file is."""
    file, _ = read_model(node, _File)
    url = as_text(file.url)
    return FileFacts(url, as_text(file.sha256), as_code(file.file_size)) if url else None


class _Throughput(msgspec.Struct):
    level: Word = None


class _Number(msgspec.Struct):
    id: Word = None
    display_phone_number: Word = None
    verified_name: Word = None
    quality_rating: Word = None
    code_verification_status: Word = None
    status: Word = None
    name_status: Word = None
    platform_type: Word = None
    throughput: _Throughput | None = None
    whatsapp_business_manager_messaging_limit: Word = None


def number_facts(raw: object) -> NumberFacts | None:
    row = as_object(raw)
    number = read_model(row, _Number)[0] if row is not None else _Number()
    network_id, digits = as_id(number.id), re.sub(r"[^0-9]", "", as_id(number.display_phone_number) or "")
    if network_id is None or not digits:
        return None
    level = as_text(number.throughput.level) if number.throughput else None
    return NumberFacts(
        id=PhoneNumberId(network_id),
        phone_number=f"+{digits}",
        display_name=_name(number.verified_name),
        status=as_text(number.status),
        code_status=as_text(number.code_verification_status),
        quality_rating=as_text(number.quality_rating),
        messaging_limit=_messaging_limit(as_text(number.whatsapp_business_manager_messaging_limit)),
        throughput_per_second=_PER_SECOND.get(level or ""),
        name_status=as_text(number.name_status),
        platform=as_text(number.platform_type),
    )


class _Profile(msgspec.Struct):
    about: Word = None
    address: Word = None
    description: Word = None
    email: Word = None
    vertical: Word = None
    websites: list[Word] | None = None


def profile_facts(display_name: str, raw: object) -> BusinessProfile:
    """What the network left out, or has empty, is not there."""
    profile = read_model(as_object(raw) or {}, _Profile)[0]
    return BusinessProfile(
        display_name=display_name,
        category=_profile_text(profile.vertical),
        about=_profile_text(profile.about),
        description=_profile_text(profile.description),
        email=_profile_text(profile.email),
        websites=tuple(text for site in (profile.websites or [])[:WEBSITES_LIMIT] if (text := _profile_text(site))),
        address=_profile_text(profile.address),
    )


def _name(told: object) -> str:
    """What somebody chose at the network to be called, without what would turn the words around it."""
    return in_one_line(as_text(told) or "", NAME_LIMIT)


def _profile_text(told: object) -> str | None:
    return (as_text(told) or "")[:PROFILE_TEXT_LIMIT] or None


def _expiry(seconds: int | None) -> datetime | None:
    try:
        return _EPOCH + timedelta(seconds=seconds) if seconds else None
    except OverflowError:
        return None


def _messaging_limit(tier: str | None) -> int | None:
    """`TIER_2K` is 2,000; None for unlimited and untold."""
    found = _TIER.fullmatch(tier or "")
    return int(found[1]) * (1000 if found[2] else 1) if found else None
