"""Random histories are the same on every run, so that a failure is the change's and never the day's."""

from hypothesis import settings

settings.register_profile("desk", derandomize=True, max_examples=200, stateful_step_count=50, deadline=None)
settings.load_profile("desk")
