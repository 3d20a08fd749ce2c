"""Where business numbers come from: people who sign up at the network, their accounts, tokens, numbers and codes.

Some rules are the network's, some are guesses that no public page settles: how often a code may be asked for, and how
many wrong ones are taken.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from adapters.whatsapp.simulator.graph.errors import GraphError, bad_token
from adapters.whatsapp.simulator.ids import Ids
from adapters.whatsapp.simulator.options import SimulatorOptions
from adapters.whatsapp.simulator.wire import digits
from adapters.whatsapp.simulator.world import Account, Number, World

SCOPES: Final = ("whatsapp_business_management", "whatsapp_business_messaging")
SIGN_UP_CODE_S: Final = 30.0
CODE_LIVES_S: Final = 600.0
CODE_PAUSE_S: Final = 60.0
CODES_AN_HOUR: Final = 3
WRONG_CODES: Final = 3
NUMBERS_OF_ACCOUNT: Final = 25
TAKEN: Final = 2388001  # subcode: the number has a WhatsApp account
TOO_SOON: Final = 2388091
MAX_GRANTS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token may do, and with which accounts. `app_id` is the app that it was given to."""

    token: str
    accounts: tuple[str, ...]
    app_id: str
    scopes: tuple[str, ...] = SCOPES
    expires_at: int = 0  # seconds since 1970; 0 for never


@dataclass(frozen=True, slots=True)
class NewBusiness:
    """What a sign-up asks of a business that is new to the network."""

    legal_name: str
    account_name: str
    phone: str = ""
    website: str = ""
    email: str = ""
    country: str = ""
    time_zone: str = "UTC"


@dataclass(slots=True)
class SignUpCode:
    grant: Grant
    redirect_uri: str | None
    expires_at: float
    is_used: bool = False


@dataclass(slots=True)
class NumberCode:
    """The newest code of a number, as it would stand on the phone there."""

    code: str
    method: str
    language: str
    at: float
    wrong: int = 0


@dataclass(slots=True)
class SignUps:
    options: SimulatorOptions
    world: World
    ids: Ids
    codes: dict[str, SignUpCode] = field(default_factory=dict[str, SignUpCode])
    grants: dict[str, Grant] = field(default_factory=dict[str, Grant])
    number_codes: dict[str, NumberCode] = field(default_factory=dict[str, NumberCode])
    asked: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    elsewhere: set[str] = field(default_factory=set[str])
    """Numbers (digits) that another provider has."""
    dead: set[str] = field(default_factory=set[str])
    """Tokens that were taken back."""

    # Tokens

    def grant(self, token: str) -> Grant | None:
        """What a token may do; None for one that nobody was given, or that was taken back."""
        if token in self.dead:
            return None
        if token == self.options.access_token:
            return self.grants.get(token) or Grant(token, tuple(self.world.accounts), self.options.app_id)
        return self.grants.get(token)

    def give(self, grant: Grant) -> None:
        if len(self.grants) >= MAX_GRANTS:
            raise ValueError(f"there are {MAX_GRANTS} tokens already")
        self.grants[grant.token] = grant
        self.dead.discard(grant.token)

    # Signing up

    def sign_up(self, accounts: tuple[str, ...], redirect_uri: str | None, now: float) -> str:
        """A code for a token that reaches these accounts. It lives 30 seconds and is good once."""
        code = f"code-{self.ids.number()}"
        grant = Grant(f"business-token-{self.ids.number()}", accounts, self.options.app_id)
        self.codes[code] = SignUpCode(grant, redirect_uri, now + SIGN_UP_CODE_S)
        return code

    def begin_business(self, new: NewBusiness) -> Account:
        account = Account(
            self.ids.number(),
            new.account_name,
            business_id=self.ids.number(),
            is_verified=False,
            legal_name=new.legal_name,
            phone=new.phone,
            website=new.website,
            email=new.email,
            country=new.country,
            time_zone=new.time_zone,
        )
        self.world.accounts[account.id] = account
        return account

    def exchange(self, asked: Mapping[str, str], now: float) -> str:
        """The token behind a code; GraphError for whatever does not fit."""
        if asked.get("client_id") != self.options.app_id:
            raise GraphError(101, "Error validating application. Cannot get application info")
        if asked.get("client_secret") != self.options.app_secret:
            raise GraphError(1, "Error validating client secret.")
        code = self.codes.get(asked.get("code", ""))
        if code is None:
            raise GraphError(100, "Invalid verification code format.")
        if code.redirect_uri != asked.get("redirect_uri"):
            raise GraphError(
                100, "Error validating verification code. Please make sure your redirect_uri is identical to the one"
                " you used in the OAuth dialog request", subcode=36008,
            )  # fmt: skip
        if code.is_used:
            raise GraphError(100, "This authorization code has been used.", subcode=36009)
        if now >= code.expires_at:
            raise GraphError(100, "This authorization code has expired.", subcode=36007)
        code.is_used = True
        self.give(code.grant)
        return code.grant.token

    # Numbers

    def add_number(self, account: Account, cc: str, phone_number: str, verified_name: str) -> Number:
        if not re.fullmatch(r"[0-9]{1,3}", cc) or not re.fullmatch(r"[0-9]{4,14}", phone_number):
            raise GraphError(100, "Params cc and phone_number must be digits")
        if not verified_name.strip():
            raise GraphError(100, "The parameter verified_name is required")
        number = cc + phone_number
        if any(digits(known.display_phone_number) == number for known in self.world.numbers.values()):
            raise GraphError(100, "This phone number already exists in a WhatsApp Business Account")
        self.check_free(number)
        if sum(known.account == account.id for known in self.world.numbers.values()) >= NUMBERS_OF_ACCOUNT:
            raise GraphError(100, f"You have reached the maximum number of phone numbers ({NUMBERS_OF_ACCOUNT})")
        added = Number(
            self.ids.number(),
            f"+{cc} {phone_number}",
            verified_name.strip(),
            status="PENDING",
            account=account.id,
            code_verification_status="NOT_VERIFIED",
            name_status="AVAILABLE_WITHOUT_REVIEW",
            platform_type="NOT_APPLICABLE",
        )
        self.world.numbers[added.id] = added
        return added

    def check_free(self, number: str) -> None:
        """GraphError for a number that has a WhatsApp account of its own."""
        if self.world.person(number) is not None:
            raise GraphError(
                100, "This number is registered to an existing personal WhatsApp account. To use this number,"
                " disconnect it from the existing account.", subcode=TAKEN,
            )  # fmt: skip
        if number in self.elsewhere:
            raise GraphError(
                100, "This number is registered to an existing WhatsApp account. To use this number, disconnect it from"
                " the existing account.", subcode=TAKEN,
            )  # fmt: skip

    # Codes

    def request_code(self, number: Number, method: str, language: str, now: float) -> None:
        if method not in ("SMS", "VOICE"):
            raise GraphError(100, "Param code_method must be SMS or VOICE")
        if not language:
            raise GraphError(100, "The parameter language is required")
        if number.code_verification_status == "VERIFIED":
            raise GraphError(136024, "The phone number is verified already")
        asked = [at for at in self.asked.get(number.id, []) if at > now - 3600]
        free_at = asked[-1] + CODE_PAUSE_S if asked else now
        if len(asked) >= CODES_AN_HOUR:
            free_at = asked[0] + 3600
        if now < free_at:
            raise GraphError(
                136024, "Request code failed: Please try again in some time.", subcode=TOO_SOON,
                retry_after_s=free_at - now,
            )  # fmt: skip
        self.asked[number.id] = [*asked, now]
        self.number_codes[number.id] = NumberCode(self.ids.number()[-6:], method, language, now)

    def verify_code(self, number: Number, code: str, now: float) -> None:
        if not re.fullmatch(r"[0-9]{6}", code):
            raise GraphError(100, "Param code must be 6 digits")
        known = self.number_codes.get(number.id)
        if known is None or now >= known.at + CODE_LIVES_S:
            raise GraphError(136025, "Verify code failed: the code has expired. Ask for a new one.")
        if known.wrong >= WRONG_CODES:
            raise GraphError(136025, "Verify code failed: too many wrong codes. Ask for a new one.")
        if known.code != code:
            known.wrong += 1
            raise GraphError(136025, "Verify code failed: the code is wrong.")
        number.code_verification_status = "VERIFIED"
        del self.number_codes[number.id]

    def check_registrable(self, number: Number) -> None:
        """GraphError for what has to be there before a number is registered."""
        self.check_free(number.digits)
        if number.code_verification_status != "VERIFIED":
            raise GraphError(133006, "The phone number has to be verified before it is registered")
        if number.name_status not in ("APPROVED", "AVAILABLE_WITHOUT_REVIEW"):
            raise GraphError(131037, "The display name of the number is not approved")

    def account_of(self, id: str, token: str) -> Account:
        """An account that the token reaches; GraphError for any other, as for one that never was."""
        grant = self.grant(token)
        account = self.world.accounts.get(id)
        if grant is None and token != f"{self.options.app_id}|{self.options.app_secret}":
            raise bad_token("Invalid OAuth access token - Cannot parse access token")
        if account is None or (grant is not None and id not in grant.accounts):
            details = f"Object with ID '{id}' does not exist, cannot be loaded due to missing permissions"
            raise GraphError(100, details, subcode=33)
        return account
