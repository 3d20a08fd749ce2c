"""What speaks to the network for a number: sealed at rest, opened just before it is used."""

from domain.channels.channels import Channel
from domain.ports.system import Vault


def token_of(vault: Vault, channel: Channel) -> str | None:
    """None where the channel has none, or no key opens it any more: nothing of the number can be asked or sent then."""
    if channel.access_token is None:
        return None
    return vault.open(channel.organization, "access_token", channel.access_token, channel=channel.id)
