"""Why a command ends without having done what it was asked."""

__all__ = ["Stop"]


class Stop(Exception):
    """The message is for a person: what stands in the way, and what to do. It never holds a secret."""
