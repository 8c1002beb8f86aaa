"""How much work waits for workers: what a monitor watches, and what the number of workers is scaled by."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class QueueDepth:
    """The queue of all tenants at one moment.

    Attributes:
        waiting: Items and finishes that could begin now; those of paused jobs, and those that wait for their next try,
            are left out.
        running: Items and finishes that workers work on.
        standstill_seconds: How long nothing has begun or ended although something waits; 0 when nothing waits. A long
            batch that goes on is no standstill, however old its items are.
        places: What the living workers together can work on at once.
        hosts: The machines of the living workers, one entry per worker.
    """

    waiting: int
    running: int
    standstill_seconds: float
    places: int
    hosts: tuple[str, ...]

    @property
    def waiting_per_place(self) -> float:
        """What waits, for each place of the living workers; all that waits when there is none."""
        return self.waiting / max(1, self.places)
