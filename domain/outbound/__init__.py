"""What waits to leave, how fast it may, and what a refusal of the network means."""
