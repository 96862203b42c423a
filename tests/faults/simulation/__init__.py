"""The package's real code in a simulated world: virtual time, a seeded scheduler, and everything that can go wrong."""
