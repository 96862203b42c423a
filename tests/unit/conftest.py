"""How properties are tried: without a time limit for one example, as a busy machine makes any of them slow."""

from hypothesis import settings

settings.register_profile("core", deadline=None)
settings.load_profile("core")
