"""Before anybody pays, the estimate tells how many photos, calls, dollars and seconds, and what will fail."""

from __future__ import annotations

import pytest

from services.images.background_models import BackgroundKind, BackgroundWish, GeneratorNotice, SizePreset
from services.images.batches import RunEstimate
from services.images.estimate import estimate_run
from services.images.mask_models import MaskDoubt, MaskState
from services.images.models import BatchImage, ImageBatch, ImageFailure
from tests.fakes import FakeClock
from tests.unit.images.batch_desk import MIA, TENANT, PhotoDesk, blank_photo, photo
from tests.unit.images.photo_fakes import LEFT, RIGHT, SIZE, FakeGenerator

BATCH = ImageBatch("b1", TENANT, "mia", "Spring", FakeClock()())
GOOD = MaskState("matte.png", "k", "fake", area_share=0.3)
OAK = BackgroundWish(prompt="oak table", variations=2)


def image(position: int, mask: MaskState | None = GOOD, failure: ImageFailure | None = None) -> BatchImage:
    sha256 = "" if failure else "a" * 64
    return BatchImage("b1", position, f"{position}.png", sha256, SIZE, failure=failure, labels=(), mask=mask)


def estimate(
    *images: BatchImage, wish: BackgroundWish = OAK, price: float | None = 0.04, places: int = 2, paid: bool = True
) -> RunEstimate:
    return estimate_run(BATCH, images, wish, FakeGenerator(paid=paid, price=price), places=places)


def test_calls_and_cost_count_what_will_be_asked_for() -> None:
    found = estimate(image(0), image(1), image(2))
    assert (found.images, found.pictures, found.calls) == (3, 6, 3)
    assert found.cost_usd == pytest.approx(0.24)
    assert (found.warnings, found.blocked) == ((), ())


def test_calls_are_as_many_as_a_generator_of_one_picture_a_call_needs() -> None:
    generator = FakeGenerator(paid=True, price=0.04)
    generator.pictures_per_call = 1
    found = estimate_run(BATCH, [image(0), image(1)], OAK, generator, places=2)
    assert (found.pictures, found.calls) == (4, 4)
    assert found.cost_usd == pytest.approx(0.16)


def test_end_of_the_generators_model_is_told_where_it_is_asked() -> None:
    generator = FakeGenerator(paid=True)
    generator.end = GeneratorNotice("The model ends on 1 May 2027.", "Choose another one.")
    found = estimate_run(BATCH, [image(0)], OAK, generator, places=2)
    assert found.warnings == ("The model ends on 1 May 2027. Choose another one.",)
    clear = estimate_run(BATCH, [image(0)], BackgroundWish(kind=BackgroundKind.TRANSPARENT), generator, places=2)
    assert clear.warnings == ()


def test_unknown_price_is_unknown_and_never_nothing() -> None:
    found = estimate(image(0), price=None)
    assert found.cost_usd is None
    assert any("price" in warning for warning in found.warnings)


def test_what_is_composed_here_costs_nothing() -> None:
    assert (estimate(image(0), paid=False).calls, estimate(image(0), paid=False).cost_usd) == (0, 0.0)
    clear = estimate(image(0), wish=BackgroundWish(kind=BackgroundKind.TRANSPARENT, variations=3))
    assert (clear.calls, clear.cost_usd, clear.pictures) == (0, 0.0, 1)


def test_photos_that_would_fail_are_named_with_their_reason_and_not_paid_for() -> None:
    empty = MaskState("matte.png", "k", "fake", (MaskDoubt.EMPTY,), area_share=0.0)
    broken = ImageFailure("image-svg", "It is a drawing.", "Export it as PNG.")
    found = estimate(image(0), image(1, empty), image(2, None, broken))
    assert [(position, code) for position, code, _ in found.blocked] == [(1, "no-mask-found"), (2, "image-svg")]
    assert (found.images, found.calls) == (2, 1)
    assert found.warnings == (
        "1 photo was refused at upload and left out.",
        "1 of 2 photos will fail unless you fix that first: 1.png.",
    )


def test_only_the_first_of_many_photos_that_would_fail_are_named_in_the_warning() -> None:
    empty = MaskState("matte.png", "k", "fake", (MaskDoubt.EMPTY,), area_share=0.0)
    (warning,) = estimate(*(image(number, empty) for number in range(5))).warnings
    assert warning == "5 of 5 photos will fail unless you fix that first: 0.png, 1.png, 2.png and 2 more."


def test_mask_with_a_faint_trace_of_nothing_in_particular_is_known_to_fail() -> None:
    faint = MaskState("matte.png", "k", "fake", (MaskDoubt.EMPTY,), area_share=0.000003)
    found = estimate(image(0), image(1, faint))
    assert [(position, code) for position, code, _ in found.blocked] == [(1, "no-mask-found")]
    assert found.pictures == 2


def test_doubtful_masks_are_warned_of_until_they_are_approved() -> None:
    doubtful = MaskState("matte.png", "k", "fake", (MaskDoubt.UNSTABLE,), area_share=0.3)
    approved = MaskState("matte.png", "k", "fake", (MaskDoubt.UNSTABLE,), True, 0.3)
    assert estimate(image(0, doubtful), image(1, doubtful)).warnings == (
        "2 masks may be wrong: look at them before you start.",
    )
    assert estimate(image(0, approved)).warnings == ()


def test_photos_without_a_mask_yet_and_a_missing_worker_are_told() -> None:
    warnings = estimate(image(0, None), places=0).warnings
    assert any("still waiting" in warning for warning in warnings)
    assert any("No worker" in warning for warning in warnings)


def test_time_is_shared_by_the_places_of_the_workers() -> None:
    images = [image(number) for number in range(8)]
    assert estimate(*images, places=4).seconds == pytest.approx(estimate(*images, places=1).seconds / 4)
    assert estimate(image(0), places=4).seconds == estimate(image(0), places=1).seconds


def test_time_depends_on_the_kind_of_background_the_variations_and_the_size() -> None:
    def seconds(wish: BackgroundWish) -> float:
        return estimate(image(0), wish=wish, paid=False).seconds

    by_kind = [seconds(BackgroundWish(kind=kind, prompt="oak")) for kind in BackgroundKind]
    prompt, backdrop, picture, color, transparent = by_kind
    assert prompt > backdrop == picture > color > transparent > 0
    assert seconds(BackgroundWish(prompt="oak", variations=3)) == pytest.approx(3 * prompt)
    assert seconds(BackgroundWish(prompt="oak", size=SizePreset.MARKETPLACE, padding=0.1)) > 2 * prompt


def test_photos_that_will_fail_take_no_time() -> None:
    empty = MaskState("matte.png", "k", "fake", (MaskDoubt.EMPTY,), area_share=0.0)
    assert estimate(image(0), image(1, empty), places=1).seconds == pytest.approx(estimate(image(0), places=1).seconds)


def test_time_is_learned_from_earlier_runs() -> None:
    found = estimate_run(
        BATCH, [image(0), image(1)], OAK, FakeGenerator(), places=1, seconds_of_earlier=[3.0, 4.0, 50.0]
    )
    assert found.seconds == pytest.approx(8.0)


def test_estimate_of_a_batch_uses_the_masks_as_they_are_now(desk: PhotoDesk) -> None:
    batch = desk.batch(a_png=photo(LEFT, RIGHT), b_png=blank_photo(), c_png=b"")
    desk.service.drop_everywhere(MIA, TENANT, batch.id, "Subject 1")
    desk.service.drop_everywhere(MIA, TENANT, batch.id, "Subject 2")
    found = desk.service.estimate(TENANT, batch.id, BackgroundWish(prompt="oak"))
    assert [(position, code) for position, code, _ in found.blocked] == [
        (0, "no-label-left"),
        (1, "no-mask-found"),
        (2, "image-empty"),
    ]
    assert found.pictures == 0
    chosen = desk.service.estimate(TENANT, batch.id, BackgroundWish(prompt="oak"), [1])
    assert [position for position, _, _ in chosen.blocked] == [1]
