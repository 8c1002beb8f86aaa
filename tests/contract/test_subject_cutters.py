"""The contract of SubjectCutter: without weights, and with a network made on the spot."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.backends.local.mattes.cutter import LocalSubjectCutter
from services.ports.images import SubjectCutter
from tests.contract.subject_cutter import SubjectCutterContract
from tests.unit.images.mattes.tiny_network import write_tiny_network


class TestCutterWithoutWeights(SubjectCutterContract):
    @pytest.fixture(scope="class")
    @classmethod
    def cutter(cls, tmp_path_factory: pytest.TempPathFactory) -> SubjectCutter:
        return LocalSubjectCutter(tmp_path_factory.mktemp("models"))


class TestCutterWithNetwork(SubjectCutterContract):
    @pytest.fixture(scope="class")
    @classmethod
    def cutter(cls, tmp_path_factory: pytest.TempPathFactory) -> SubjectCutter:
        folder: Path = tmp_path_factory.mktemp("models")
        write_tiny_network(folder / "tiny.onnx")
        return LocalSubjectCutter(folder)
