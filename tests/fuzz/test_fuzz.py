"""Whatever a caller sends, the answer is no fault of ours: no INTERNAL, no 5xx, no traceback in the log.

`./dev fuzz` goes on for as long as one likes; a seed that found something is asked again with `./dev fuzz --seed SEED`.
"""

import asyncio
import gc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.desk import a_fuzzed_desk
from tests.peers.servers import Databases

EXAMPLES = {"sqlite": 250, "postgres": 150}


# A socket may take an operation back in the very turn in which it begins; graphql-core then leaves resolvers unawaited.
@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
@pytest.mark.parametrize("kind", EXAMPLES)
def test_no_caller_brings_about_a_fault_of_ours(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    with asyncio.Runner() as runner:
        server: Databases | None = request.getfixturevalue("postgres") if kind == "postgres" else None
        url = runner.run(server.create()) if server else None
        context = a_fuzzed_desk(tmp_path, url)
        desk = runner.run(context.__aenter__())

        @settings(
            max_examples=EXAMPLES[kind],
            derandomize=True,
            deadline=None,
            database=None,
            suppress_health_check=[HealthCheck.too_slow],
        )
        @given(st.integers(0, 2**32))
        def ask(seed: int) -> None:
            runner.run(desk.one(seed))

        try:
            ask()
        finally:
            runner.run(context.__aexit__(None, None, None))
            if server and url:
                runner.run(server.drop(url))
            gc.collect()  # while that warning is still expected
