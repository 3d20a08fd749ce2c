"""The hub: one event, one execution for each group of listeners."""
