"""The search: whose vote counts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from services.backends.local.mattes.hints import DROP, OPEN
from services.backends.local.mattes.subject_search import search_subject


def block_on_grain() -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """A blue block on a brown, grainy ground, and where it is."""
    rng = np.random.default_rng(3)
    picture = np.clip(np.array((120, 90, 60)) + rng.normal(0, 12, (240, 320, 1)), 0, 255).astype(np.uint8)
    block = np.zeros((240, 320), bool)
    block[60:180, 110:210] = True
    picture[block] = (20, 60, 200)
    return picture, block


def test_with_a_box_two_of_the_edge_and_the_first_two_cuts_decide() -> None:
    picture, block = block_on_grain()
    hinted = np.full(block.shape, DROP, np.uint8)
    hinted[50:190, 100:220] = OPEN
    found = search_subject(picture, hinted, boxed=True)
    assert (found.mask == block).mean() > 0.98
    # Where the first two cuts agree, nothing else counts.
    agreed = found.votes[0] == found.votes[1]
    np.testing.assert_array_equal(found.mask[agreed], found.votes[0][agreed])
    assert not found.mask[hinted == DROP].any()
