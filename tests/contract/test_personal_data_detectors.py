"""The contract of detectors of personal data: on this machine."""

from __future__ import annotations

import pytest

from services.backends.local.personal_data import LocalPersonalDataDetector
from services.ports.privacy import PersonalDataDetector
from tests.contract.personal_data_detector import PersonalDataDetectorContract


class TestLocalPersonalDataDetector(PersonalDataDetectorContract):
    @pytest.fixture
    def detector(self) -> PersonalDataDetector:
        return LocalPersonalDataDetector()
