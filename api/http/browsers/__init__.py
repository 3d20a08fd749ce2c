"""What only browsers ask: the bundled page, which origins may use the API, and what they ask beforehand."""
