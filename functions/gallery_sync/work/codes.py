"""What codes mean, for all that acts: whoever learns that one means another product has the first one looked at."""

from gallery_sync.core.shop_values import GALLERIES
from gallery_sync.state.codes import Codes
from gallery_sync.work.world import RequestWorld


def codes_of(world: RequestWorld) -> Codes:
    """Give the codes of a world. What stands on a product whose code was given to another has to be told, in both galleries."""

    def left(guid: str) -> None:
        for gallery in GALLERIES:
            world.queue.gallery(guid, gallery, world.clock.now())

    return Codes(world.documents, world.shop, world.clock, world.timing, left)
