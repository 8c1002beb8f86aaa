"""What every AWS adapter needs: the clients of the region, and who hears of the calls."""

from __future__ import annotations

from dataclasses import dataclass, field

from services.backends.aws.clients import AwsClients
from services.ports.model_calls import ModelCallRecorder, NoRecorder
from services.settings import Settings


@dataclass(frozen=True, slots=True)
class AwsAccess:
    """The way to AWS of one process."""

    clients: AwsClients
    recorder: ModelCallRecorder = field(default_factory=NoRecorder)

    @classmethod
    def of(cls, settings: Settings, recorder: ModelCallRecorder | None = None) -> AwsAccess:
        """As the settings say; connects to nothing."""
        return cls(AwsClients(settings.aws_region), recorder or NoRecorder())
