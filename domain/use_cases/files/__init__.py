"""Files fetched, made ready, scanned, rendered and forgotten."""
