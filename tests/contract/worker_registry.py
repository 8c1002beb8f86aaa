"""What every registry of workers keeps to."""

from __future__ import annotations

import pytest

from services.ports.jobs import WorkerRegistry


class WorkerRegistryContract:
    """Inherit, and give an empty ``registry``."""

    @pytest.fixture
    def registry(self) -> WorkerRegistry:
        raise NotImplementedError

    def test_breathing_workers_are_listed_longest_at_work_first(self, registry: WorkerRegistry) -> None:
        for worker_id in ("b", "a", "b"):
            registry.breathe(worker_id, "laptop", 7, 2)
        found = registry.workers(silent_seconds=30)
        assert [(worker.id, worker.host, worker.process_id, worker.concurrency) for worker in found] == [
            ("b", "laptop", 7, 2),
            ("a", "laptop", 7, 2),
        ]
        assert all(0 <= worker.silent_seconds < 30 for worker in found)

    def test_silent_worker_is_taken_for_dead_until_it_breathes_again(self, registry: WorkerRegistry) -> None:
        registry.breathe("a", "laptop", 7, 2)
        assert registry.workers(silent_seconds=-1) == []
        registry.breathe("a", "laptop", 7, 2)
        assert [worker.id for worker in registry.workers(silent_seconds=30)] == ["a"]

    def test_worker_that_left_is_not_listed(self, registry: WorkerRegistry) -> None:
        registry.breathe("a", "laptop", 7, 2)
        registry.leave("a")
        assert registry.workers(silent_seconds=30) == []

    def test_workers_silent_for_long_are_forgotten(self, registry: WorkerRegistry) -> None:
        registry.breathe("a", "laptop", 7, 2)
        registry.forget(silent_seconds=30)
        assert len(registry.workers(silent_seconds=30)) == 1
        registry.forget(silent_seconds=-1)
        assert registry.workers(silent_seconds=30) == []
