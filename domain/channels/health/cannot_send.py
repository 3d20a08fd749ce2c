"""Answers of the network that speak of the number, its account or its token, and not of the message they answer.

Every message would be answered so. None of them fails: they wait until the problem is over, or their own time is.
Source: WhatsApp Business Platform, "Error codes" (authorization, integrity and registration errors; the payment
error 131042 among the others); Graph API, "Handling errors" (0, 3, 10, 190, 200 to 299).
"""

from collections.abc import Mapping

from domain.channels.channels import ProblemCode

_PERMISSIONS = range(200, 300)

_PROBLEMS: Mapping[int, ProblemCode] = {
    0: ProblemCode.TOKEN_INVALID,  # AuthException: the user can't be authenticated
    190: ProblemCode.TOKEN_INVALID,  # access token expired
    3: ProblemCode.PERMISSION_MISSING,  # API method: capability or permission
    10: ProblemCode.PERMISSION_MISSING,  # permission not granted, or removed
    131005: ProblemCode.PERMISSION_MISSING,  # access denied: permission not granted, or removed
    368: ProblemCode.POLICY_VIOLATION,  # temporarily blocked for policy violations
    131031: ProblemCode.ACCOUNT_LOCKED,  # restricted or disabled for a policy, or its data can't be verified
    131037: ProblemCode.DISPLAY_NAME_REJECTED,  # the number's display name has to be approved
    131042: ProblemCode.PAYMENT_PROBLEM,  # business eligibility: payment
    33: ProblemCode.NOT_REGISTERED,  # the business phone number has been deleted
    131045: ProblemCode.NOT_REGISTERED,  # certificate: registration failed
    133006: ProblemCode.NOT_REGISTERED,  # has to be verified before it is registered
    133010: ProblemCode.NOT_REGISTERED,  # not registered
}


def problem_in(code: int | None) -> ProblemCode | None:
    """The problem of the number that a code tells of; None where it tells of something else."""
    if code is None:
        return None
    return ProblemCode.PERMISSION_MISSING if code in _PERMISSIONS else _PROBLEMS.get(code)
