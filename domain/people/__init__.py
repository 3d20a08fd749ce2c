"""Who acts: the organization, its users and keys, and where their requests come from."""
