"""What the simulator tells a business, and how often it tries."""
