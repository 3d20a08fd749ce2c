"""One file per thing a person or the network does, each one transaction."""
