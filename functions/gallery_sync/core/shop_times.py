"""Shoptet's way of writing times, both ways."""

from datetime import UTC, datetime

__all__ = ["epoch", "query_time"]


def epoch(text: str | None) -> float | None:
    """Seconds since the epoch of a time like `2018-05-29T09:02:27+0200`; None where it is none, or names no zone."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.timestamp() if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None


def query_time(seconds: float) -> str:
    """A moment as the job list's filters take it, like `2018-05-28T12:17:00+00:00`; fractions are cut off.

    The zone has a colon here and none in answers; both are Shoptet's examples ("List of jobs").
    """
    return datetime.fromtimestamp(int(seconds), UTC).isoformat()
