"""What the network tells, read from its webhooks."""
