"""The demo: what is on its stage, and that it stays on this machine."""

import signal
from pathlib import Path

import httpx
import pytest

from tests.journeys.desk import Desk, Phones, address_in, deskline, http_client, running

PEOPLE = "{ users(first: 10) { edges { node { name role } } } channels { edges { node { state } } } }"
