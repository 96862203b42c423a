"""Clients of gallery-sync as other systems may have them."""
