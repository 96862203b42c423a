"""What the page works with is built from its settings, and asks nobody anything yet."""

from gallery_sync.connect.page import page_world
from gallery_sync.connect.settings import StatusLink


def test_the_page_is_given_its_buckets_queue_and_patterns() -> None:
    settings = StatusLink.read(
        {
            "STATE_BUCKET": "state",
            "DROP_BUCKET": "drop",
            "SYNC_QUEUE": "projects/p/locations/l/queues/sync",
            "SYNC_URL": "http://127.0.0.1:1/sync",
            "STORAGE_EMULATOR_HOST": "http://127.0.0.1:1",
            "CLOUD_TASKS_EMULATOR_HOST": "127.0.0.1:1",
            "NAME_PATTERNS": "goods_{code}",
        }
    )
    world = page_world(settings, "status_link")
    assert world.timing.window == 5.0
    assert [pattern.text for pattern in world.placing.patterns] == ["goods_{code}"]
