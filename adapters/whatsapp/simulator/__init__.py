"""A simulator of the WhatsApp Cloud API, for testing anything that talks to it.

    sim = Simulator(SimulatorOptions(webhook_url="http://127.0.0.1:8000/webhooks/whatsapp"))
    app = simulator_app(sim)

Serve `app` with any ASGI server, or call it through `httpx.ASGITransport` inside `async with sim.running():`. The
business calls `/v26.0/…` with the access token; people, clock, faults and counts are under `/_sim`.
"""

from adapters.whatsapp.simulator.app import simulator_app
from adapters.whatsapp.simulator.graph.templates import SEEDED_TEMPLATES, Template
from adapters.whatsapp.simulator.options import NumberOptions, PersonOptions, SimulatorOptions
from adapters.whatsapp.simulator.simulator import Simulator
from adapters.whatsapp.simulator.webhooks.posts import WebhookVerificationFailed

__all__ = [
    "SEEDED_TEMPLATES",
    "NumberOptions",
    "PersonOptions",
    "Simulator",
    "SimulatorOptions",
    "Template",
    "WebhookVerificationFailed",
    "simulator_app",
]
