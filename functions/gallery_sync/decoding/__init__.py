"""Adapters that open pictures: each in a process of its own."""
