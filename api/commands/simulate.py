"""The simulated network alone."""

from dataclasses import dataclass
from typing import Annotated

from cyclopts import Parameter

from api.http.sockets import address_of, bound
from api.operating.process import Port, run, say


@Parameter(name="*")
@dataclass(frozen=True)
class SecretWords:
    """What both sides have to know.

    Args:
        app_secret: What webhooks are signed with.
        verify_token: The word of the webhook's handshake.
        access_token: The token that API calls have to bear.
    """

    app_secret: str = "simulator-secret"
    verify_token: str = "simulator-verify"
    access_token: str = "simulator-token"


KNOWN_WORDS = SecretWords()


def simulate(
    *,
    host: str = "127.0.0.1",
    port: Port = 8001,
    webhook_url: str | None = None,
    words: SecretWords = KNOWN_WORDS,
    subscribed: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """The WhatsApp Cloud API simulator alone, for anybody's tests. Its phones and faults are under /_sim.

    Args:
        host: The address to listen on.
        port: The port to listen on; 0 takes a free one.
        webhook_url: Where webhooks go.
        subscribed: Send webhooks from the start, without waiting for the account's subscription.
    """
    from adapters.whatsapp.simulator import Simulator, SimulatorOptions, simulator_app
    from api.http.server import serve
    from api.logs import set_up_logs

    options = SimulatorOptions(
        webhook_url=webhook_url,
        app_secret=words.app_secret,
        verify_token=words.verify_token,
        access_token=words.access_token,
        subscribed=subscribed,
    )
    set_up_logs("console", (words.app_secret, words.verify_token, words.access_token))
    with bound(host, port) as sock:
        simulator = Simulator(options)

        async def drain() -> None:
            simulator.hints.end()

        async def started() -> None:
            say(f"The simulator is at {address_of(sock)}")

        run(serve(simulator_app(simulator), sock, drain=drain, started=started))
