"""Builds what a function works with, from its settings. A module each, so that a function loads only what it uses."""
