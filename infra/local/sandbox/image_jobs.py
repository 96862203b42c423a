"""What the jobs of an insertion and of a source update do: every picture is downloaded for real, then all go in at once."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from infra.local.sandbox.answers import Fate, Json
from infra.local.sandbox.config import SandboxConfig
from infra.local.sandbox.pictures import Picture, Unreadable
from infra.local.sandbox.products import normalised
from infra.local.sandbox.results import RowOutcome, log_of, result_file
from infra.local.sandbox.runner import Done, Finish
from infra.local.sandbox.shop import Unknown
from infra.local.sandbox.state import Sandbox


@dataclass(frozen=True)
class ImageJob:
    """The images of an insertion (`source` false) or of a source update, and the name of the result."""

    sandbox: Sandbox
    guid: str
    gallery: str
    source: bool
    rows: tuple[Json, ...]
    fate: Fate
    result_name: str

    async def begin(self) -> Finish:
        """Download the pictures."""
        pictures = await asyncio.gather(*(self._picture(index) for index in range(len(self.rows))))
        return lambda: self._finish(pictures)

    async def _picture(self, index: int) -> Picture | Unreadable:
        if index in self.fate.failing:
            return Unreadable("The image could not be saved.")
        try:
            picture = await self.sandbox.downloads.fetch(str(self.rows[index]["sourceUrl"]), self.sandbox.config)
        except Unreadable as error:
            return error
        is_refused = picture.extension == "webp" and self.sandbox.config.webp == "refused"
        return Unreadable("The image's format is not supported.") if is_refused else picture

    def _finish(self, pictures: Sequence[Picture | Unreadable]) -> Done:
        config = self.sandbox.config
        some = len(self.rows) if self.fate.ending == "completed" else self.fate.done
        outcomes = self._apply(pictures[:some], config)
        return Done(result_file(self.result_name, config.result_format, outcomes), log_of(outcomes))

    def _apply(self, pictures: Sequence[Picture | Unreadable], config: SandboxConfig) -> list[RowOutcome]:
        shop, now = self.sandbox.shop, self.sandbox.clock.now()
        shop.images(self.guid, self.gallery)  # raises Unknown for the whole job, not for each row
        if config.listing_lag_seconds:
            shop.hold_listing(self.guid, self.gallery, now, config.listing_lag_seconds)
        put = self._replace if self.source else self._insert
        if config.shows_wrong_pictures and not self.source:
            pictures = [*pictures[1:], *pictures[:1]]
        outcomes = []
        for index, (row, picture) in enumerate(zip(self.rows, pictures, strict=False)):
            if isinstance(picture, Unreadable):
                outcomes.append(RowOutcome(row, error=str(picture)))
            elif index in self.fate.lost or _vanishes(picture, config):
                # Known from the field: the job looks finished, and the image never appears.
                outcomes.append(RowOutcome(row, str(row.get("name") or shop.new_name(picture.extension))))
            else:
                outcomes.append(put(row, picture, config))
        self.sandbox.settle_numbers(self.guid, self.gallery, insertion=not self.source)
        return outcomes

    def _insert(self, row: Json, picture: Picture, config: SandboxConfig) -> RowOutcome:
        image = self.sandbox.shop.insert(
            self.guid,
            self.gallery,
            picture,
            self.sandbox.clock.now(),
            priority=cast(int | None, row.get("priority")),
            description=described(row, config),
        )
        return RowOutcome(row, image.name)

    def _replace(self, row: Json, picture: Picture, config: SandboxConfig) -> RowOutcome:
        name = str(row["name"])
        stem, _, extension = name.rpartition(".")
        renamed = config.source_changes_extension and extension != picture.extension
        try:
            image = self.sandbox.shop.change(
                self.guid,
                self.gallery,
                name,
                self.sandbox.clock.now(),
                priority=cast(int | None, row.get("priority")),
                description=described(row, config),
                picture=None if config.shows_old_pictures else picture,
                new_name=f"{stem}.{picture.extension}" if renamed else None,
            )
        except Unknown as unknown:
            return RowOutcome(row, error=str(unknown))
        return RowOutcome(row, image.name)


def described(row: Json, config: SandboxConfig) -> str | None:
    """The description that a row sends, as the shop stores it; None where it sends none."""
    description = cast(str | None, row.get("description"))
    return normalised(description) if config.normalise_descriptions else description


def _vanishes(picture: Picture, config: SandboxConfig) -> bool:
    if picture.extension == "webp":
        return config.webp == "lost"
    return picture.extension == "png" and len(picture.content) > config.silent_png_bytes
