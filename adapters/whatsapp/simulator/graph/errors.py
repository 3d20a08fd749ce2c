"""Meta's error codes: the envelope of a refused call, and the entry of a failed status.

Source: WhatsApp Business Platform, "Error codes"; Graph API, "Handling errors".
"""

from typing import Final

from adapters.whatsapp.simulator.wire import Json, JsonObject

HREF: Final = "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/"

# code: (HTTP status, title)
CATALOG: Final[dict[int, tuple[int, str]]] = {
    0: (401, "AuthException"),
    1: (400, "API Unknown"),
    2: (503, "API Service"),
    3: (500, "API Method"),
    4: (400, "Application request limit reached"),
    10: (403, "Permission Denied"),
    33: (400, "Parameter value is not valid"),
    100: (400, "Invalid parameter"),
    190: (401, "Invalid OAuth access token"),
    200: (403, "Permissions error"),
    368: (403, "Temporarily blocked for policies violations"),
    2200: (400, "Callback verification failed"),
    2500: (400, "Unknown path components"),
    80007: (400, "Rate limit issues"),
    101: (400, "Invalid application"),
    130403: (400, "Recipient blocked by the business"),
    130429: (400, "Rate limit hit"),
    130472: (400, "User's number is part of an experiment"),
    130497: (403, "Business account is restricted from messaging users in this country"),
    131000: (500, "Something went wrong"),
    131005: (403, "Access denied"),
    131008: (400, "Required parameter is missing"),
    131009: (400, "Parameter value is not valid"),
    131016: (500, "Service unavailable"),
    131021: (400, "Recipient cannot be sender"),
    131026: (400, "Message undeliverable"),
    131030: (400, "Recipient phone number not in allowed list"),
    131031: (403, "Business account has been locked"),
    131037: (400, "Display name approval needed"),
    131041: (400, "Group unknown"),
    131042: (400, "Business eligibility payment issue"),
    131043: (400, "Message expired"),
    131045: (500, "Incorrect certificate"),
    131047: (400, "Re-engagement message"),
    131048: (400, "Spam rate limit hit"),
    131049: (400, "Meta chose not to deliver"),
    131050: (400, "User stopped marketing messages from this business"),
    131051: (400, "Unsupported message type"),
    131052: (400, "Media download error"),
    131053: (400, "Media upload error"),
    131056: (400, "Pair rate limit hit"),
    131057: (500, "Business account in maintenance mode"),
    131059: (400, "Invalid paging cursor"),
    131062: (400, "Business-scoped user id not allowed for this message"),
    131064: (400, "Messaging limit reached"),
    132000: (400, "Number of parameters does not match the expected number of params"),
    132001: (404, "Template name does not exist in the translation"),
    132005: (400, "Translated text too long"),
    132007: (400, "Template format character policy violated"),
    132008: (400, "Template parameter value is not valid"),
    132012: (400, "Parameter format does not match format in the created template"),
    132015: (400, "Template is paused"),
    132016: (400, "Template is disabled"),
    132018: (400, "Template parameters are not valid"),
    133000: (500, "Incomplete deregistration"),
    133004: (503, "Server temporarily unavailable"),
    133005: (400, "Two step verification PIN mismatch"),
    133006: (400, "Phone number re-verification needed"),
    133008: (400, "Too many two step verification PIN guesses"),
    133009: (400, "Two step verification PIN guessed too fast"),
    133010: (400, "Phone number not registered"),
    133015: (400, "Please wait a few minutes before attempting to register this phone number"),
    133016: (400, "Account register deregister rate limit exceeded"),
    135000: (400, "Generic user error"),
    136024: (400, "Request code error"),
    136025: (400, "Verify code error"),
}


class GraphError(Exception):
    """A call refused. `status` None takes the one documented for the code (400 for codes nobody documented)."""

    def __init__(
        self,
        code: int,
        details: str,
        *,
        subcode: int | None = None,
        status: int | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(f"({code}) {details}")
        self.code = code
        self.details = details
        self.subcode = subcode
        self.status = status
        self.retry_after_s = retry_after_s

    @property
    def http_status(self) -> int:
        return self.status or CATALOG.get(self.code, (400, ""))[0]

    def envelope(self, trace: str) -> JsonObject:
        """The body of the answer: `{"error": {…}}`. `trace` is the `fbtrace_id`."""
        error: JsonObject = {
            "message": f"(#{self.code}) {title(self.code)}",
            "type": "GraphMethodException" if self.subcode == MISSING_OBJECT else "OAuthException",
            "code": self.code,
        }
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        error["error_data"] = {"messaging_product": "whatsapp", "details": self.details}
        error["fbtrace_id"] = trace
        return {"error": error}


MISSING_OBJECT: Final = 33


def missing_object(node: str) -> GraphError:
    details = f"Object with ID '{node}' does not exist, or the token may not see it, or it does not support this call"
    return GraphError(100, details, subcode=MISSING_OBJECT)


def bad_token(details: str, subcode: int | None = None) -> GraphError:
    return GraphError(190, details, subcode=subcode)


def title(code: int) -> str:
    return CATALOG.get(code, (400, "Unknown error"))[1]


def status_error(code: int, details: str | None = None) -> JsonObject:
    """One entry of `errors` in a failed status."""
    data: Json = {"details": details or title(code)}
    return {"code": code, "title": title(code), "message": title(code), "error_data": data, "href": HREF}
