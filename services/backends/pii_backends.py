"""What finds personal data, as the settings say."""

from __future__ import annotations

from services.backends.aws.access import AwsAccess
from services.ports.privacy import PersonalDataDetector
from services.setting_choices import PiiBackend
from services.settings import Settings


def build_local_detector() -> PersonalDataDetector:
    """What finds personal data on this machine: for what must cost nothing, and reach nobody."""
    from services.backends.local.personal_data import LocalPersonalDataDetector

    return LocalPersonalDataDetector()


def build_detector(settings: Settings, aws: AwsAccess | None = None) -> PersonalDataDetector:
    """What finds personal data in questions and responses.

    Args:
        aws: None makes its own way to AWS, and records nothing.
    """
    local = build_local_detector()
    if settings.pii_backend is PiiBackend.LOCAL:
        return local
    from services.backends.aws.comprehend_pii import ComprehendDetector

    return ComprehendDetector(aws or AwsAccess.of(settings), local)
