"""Whatever a caller sends, the answer is no fault of ours: no INTERNAL, no 5xx, no traceback in the log.

`./dev fuzz` goes on for as long as one likes; a seed that found something is asked again with `./dev fuzz --seed SEED`.
"""

import asyncio
import gc

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.desk import a_fuzzed_desk

EXAMPLES = 250


# A socket may take an operation back in the very turn in which it begins; graphql-core then leaves resolvers unawaited.
@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
def test_no_caller_brings_about_a_fault_of_ours(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("fuzz")
    with asyncio.Runner() as runner:
        context = a_fuzzed_desk(folder)
        desk = runner.run(context.__aenter__())

        @settings(
            max_examples=EXAMPLES,
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
            gc.collect()  # while that warning is still expected
