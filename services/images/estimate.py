"""What a run would be, before anybody pays for it."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from services.images.background_models import BackgroundKind, BackgroundWish
from services.images.batch_views import RunEstimate
from services.images.masks import MaskSource, no_label_left, no_mask_found, plan_mask
from services.images.models import BatchImage, ImageBatch
from services.ports.images import BackgroundGenerator, TellsItsEnd

# Opening, cleaning edges, composing and writing of one picture of two million pixels, measured.
SECONDS_PER_IMAGE = 1.5
_DEFAULT_PLACES = 2


def estimate_run(
    batch: ImageBatch,
    images: Sequence[BatchImage],
    wish: BackgroundWish,
    generator: BackgroundGenerator,
    *,
    places: int,
    seconds_of_earlier: Sequence[float] = (),
) -> RunEstimate:
    """Count what a run over these images would be.

    Args:
        images: Those that were chosen, with the masks that they have now; refused ones are counted as left out.
        places: How many items all living workers work on at once; 0 when none lives.
        seconds_of_earlier: What items of earlier runs with the same kind of background took.
    """
    blocked = [entry for image in images if (entry := _blocked(batch, image)) is not None]
    usable = [image for image in images if image.sha256]
    variations = wish.variations if wish.kind is BackgroundKind.PROMPT else 1
    asked = wish.kind is BackgroundKind.PROMPT
    going = len(usable) - sum(1 for position, _, _ in blocked if any(image.position == position for image in usable))
    calls = going * math.ceil(variations / generator.pictures_per_call) if asked and generator.paid else 0
    cost: float | None = 0.0
    if calls:
        price = generator.price_per_picture
        cost = None if price is None else price * going * variations
    if seconds_of_earlier:
        each = statistics.median(seconds_of_earlier)
    else:
        each = SECONDS_PER_IMAGE * variations + (generator.seconds_per_picture * variations if asked else 0.0)
    return RunEstimate(
        images=len(usable),
        pictures=going * variations,
        calls=calls,
        cost_usd=cost,
        seconds=going * each / min(places or _DEFAULT_PLACES, max(going, 1)),
        warnings=(
            *(_notices(generator) if asked else ()),
            *_warnings(images, blocked, calls=calls, cost=cost, places=places),
        ),
        blocked=tuple(blocked),
    )


def _blocked(batch: ImageBatch, image: BatchImage) -> tuple[int, str, str] | None:
    if image.failure is not None:
        return image.position, image.failure.code, f"{image.failure.cause} {image.failure.remedy}"
    if plan_mask(image, batch.pruning).source is MaskSource.NO_LABEL:
        error = no_label_left()
    elif image.mask is not None and image.mask.area_share == 0:
        error = no_mask_found()
    else:
        return None
    return image.position, error.code, f"{error.message_for_user} {error.remedy}"


def _notices(generator: BackgroundGenerator) -> list[str]:
    notice = generator.notice() if isinstance(generator, TellsItsEnd) else None
    return [f"{notice.words} {notice.remedy}"] if notice is not None else []


def _warnings(
    images: Sequence[BatchImage],
    blocked: Sequence[tuple[int, str, str]],
    *,
    calls: int,
    cost: float | None,
    places: int,
) -> list[str]:
    stopped = {position for position, _, _ in blocked}
    doubtful = sum(
        1 for image in images if image.mask is not None and image.mask.doubtful and image.position not in stopped
    )
    waiting = sum(1 for image in images if image.usable and image.mask is None)
    warnings = []
    if refused := sum(1 for image in images if not image.sha256):
        words = "1 photo was" if refused == 1 else f"{refused:,} photos were"
        warnings.append(f"{words} refused at upload and left out.")
    if failing := sum(1 for image in images if image.sha256 and image.position in stopped):
        warnings.append(f"{_photos(failing)} without a usable mask and will fail unless you fix that first.")
    if doubtful:
        words = "1 mask may be wrong" if doubtful == 1 else f"{doubtful:,} masks may be wrong"
        warnings.append(f"{words}: look at {'it' if doubtful == 1 else 'them'} before you start.")
    if waiting:
        warnings.append(f"{_photos(waiting)} still waiting for labels and mask; they are made during the run.")
    if calls and cost is None:
        warnings.append("The price of a picture is not known here, so the cost cannot be told.")
    if not places:
        warnings.append("No worker runs at the moment: the run waits until one does.")
    return warnings


def _photos(count: int) -> str:
    return "1 photo is" if count == 1 else f"{count:,} photos are"
