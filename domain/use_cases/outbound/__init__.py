"""The way out: whether a message may go, queueing it, and handing it over."""
