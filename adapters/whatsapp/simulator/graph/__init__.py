"""The Graph API's face of the simulator: what a business calls."""
