"""Quarantine as it happens, copies taken out, and what is kept for how long."""
