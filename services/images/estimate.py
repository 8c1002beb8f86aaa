"""What a run would be, before anybody pays for it."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from services.images.background_models import BackgroundKind, BackgroundWish
from services.images.batch_views import RunEstimate
from services.images.mask_models import MaskDoubt
from services.images.masks import MaskSource, no_label_left, no_mask_found, plan_mask
from services.images.models import BatchImage, ImageBatch
from services.images.placing import PRESET_SIZES
from services.ports.images import BackgroundGenerator, TellsItsEnd

# Opening, cleaning edges, composing and writing of one result of a megapixel while two places work on two cores,
# measured; what a generator takes for its picture comes on top.
SECONDS_PER_RESULT: Mapping[BackgroundKind, float] = MappingProxyType(
    {
        BackgroundKind.PROMPT: 0.5,
        BackgroundKind.BACKDROP: 0.5,
        BackgroundKind.PICTURE: 0.5,
        BackgroundKind.COLOR: 0.4,
        BackgroundKind.TRANSPARENT: 0.25,
    }
)
_MEASURED_PIXELS = 1024 * 1024
_SHARE_OF_ANY_SIZE = 0.3  # of that time, what a result of any size takes
_DEFAULT_PLACES = 2
_NAMES_TOLD = 3


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
        seconds_of_earlier: What items of earlier runs took that had the same kind of background, number of variations
            and size of the results.
    """
    blocked = [entry for image in images if (entry := _blocked(batch, image)) is not None]
    usable = [image for image in images if image.sha256]
    variations = wish.variations if wish.kind is BackgroundKind.PROMPT else 1
    asked = wish.kind is BackgroundKind.PROMPT
    stopped = {position for position, _, _ in blocked}
    worked_on = [image for image in usable if image.position not in stopped]
    going = len(worked_on)
    calls = going * math.ceil(variations / generator.pictures_per_call) if asked and generator.paid else 0
    cost: float | None = 0.0
    if calls:
        price = generator.price_per_picture
        cost = None if price is None else price * going * variations
    if seconds_of_earlier:
        work = statistics.median(seconds_of_earlier) * going
    else:
        each = SECONDS_PER_RESULT[wish.kind] + (generator.seconds_per_picture if asked else 0.0)
        work = sum(each * variations * _size_factor(image, wish) for image in worked_on)
    return RunEstimate(
        images=len(usable),
        pictures=going * variations,
        calls=calls,
        cost_usd=cost,
        seconds=work / min(places or _DEFAULT_PLACES, max(going, 1)),
        warnings=(
            *(_notices(generator) if asked else ()),
            *_warnings(images, blocked, calls=calls, cost=cost, places=places),
        ),
        blocked=tuple(blocked),
    )


def _size_factor(image: BatchImage, wish: BackgroundWish) -> float:
    """How much longer a result takes than one of the measured size."""
    sizes = (image.size, PRESET_SIZES.get(wish.size, (0, 0)))
    pixels = max(width * height for width, height in sizes)
    return _SHARE_OF_ANY_SIZE + (1 - _SHARE_OF_ANY_SIZE) * pixels / _MEASURED_PIXELS


def _blocked(batch: ImageBatch, image: BatchImage) -> tuple[int, str, str] | None:
    if image.failure is not None:
        return image.position, image.failure.code, f"{image.failure.cause} {image.failure.remedy}"
    if plan_mask(image, batch.pruning).source is MaskSource.NO_LABEL:
        error = no_label_left()
    elif image.mask is not None and (image.mask.area_share == 0 or MaskDoubt.EMPTY in image.mask.doubts):
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
    if failing := [image.file_name for image in images if image.sha256 and image.position in stopped]:
        usable = sum(1 for image in images if image.sha256)
        warnings.append(
            f"{len(failing):,} of {usable:,} photos will fail unless you fix that first: {_names(failing)}."
        )
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


def _names(names: Sequence[str]) -> str:
    more = len(names) - _NAMES_TOLD
    return ", ".join(names[:_NAMES_TOLD]) + (f" and {more:,} more" if more > 0 else "")
