"""ClamAV's scanner."""
