"""What stands around the functions: the local cloud, packaging, set-up commands."""
