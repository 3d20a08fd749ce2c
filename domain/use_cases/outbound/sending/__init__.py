"""Sending: what may go, to whom, and the dry run that asks the same. WhatsApp hears of it from the worker."""
