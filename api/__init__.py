"""The outside edge: routes, settings, wiring, worker and command line."""
