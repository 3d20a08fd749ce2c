"""The product on one machine, beside a simulated network."""
