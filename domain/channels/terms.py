"""The terms that whoever connects a number agrees to."""

from dataclasses import dataclass

from domain.channels.channels import TERMS_VERSION


@dataclass(frozen=True, slots=True)
class ConnectTerms:
    version: str
    text: str
    url: str


TERMS = ConnectTerms(
    TERMS_VERSION,
    "By connecting this number you let Deskline, as your data processor, receive and send the number's WhatsApp"
    " messages and keep them for your organization where this server is hosted. WhatsApp's own part of the service is"
    " run by Meta and may be hosted in other regions. You agree to WhatsApp's business terms and its messaging policy,"
    " write only to people who want to be written to, and stop when they say stop.",
    "https://www.whatsapp.com/legal/business-terms",
)
