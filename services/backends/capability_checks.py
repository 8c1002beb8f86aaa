"""Which object is asked whether a capability is ready."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from services.answers.fallback import FallbackAnswers
from services.images.notices import Channels
from services.images.workshop import ImagePorts
from services.operations.capabilities import Capability
from services.operations.checks import HasCheck
from services.ports.answers import AnswerGenerator
from services.ports.files import FileStore
from services.ports.images import BackgroundGenerator
from services.ports.knowledge import Embedder, KnowledgeIndex
from services.ports.privacy import PersonalDataDetector
from services.setting_choices import SurveyBackend
from services.surveys.assembly import SurveyPorts

_SURVEYS = {
    Capability.SURVEYS: SurveyBackend.LOCAL,
    Capability.SURVEYS_SERVER: SurveyBackend.OPENAI,
    Capability.SURVEYS_BEDROCK: SurveyBackend.BEDROCK,
}


class CheckOf:
    """A check of something that is made when it is asked for."""

    def __init__(self, make: Callable[[], HasCheck]) -> None:
        self._make = make

    def check_ready(self) -> None:
        """Make it, and ask it."""
        self._make().check_ready()


def capability_checks(
    generator: AnswerGenerator,
    embedder: Embedder,
    index: KnowledgeIndex,
    images: ImagePorts,
    background_generator: BackgroundGenerator,
    detector: PersonalDataDetector,
    surveys: SurveyPorts,
    channels: Channels,
    files: FileStore,
    capture: HasCheck | None,
) -> dict[Capability, HasCheck | None]:
    """By capability; None where it is off."""
    answers: dict[Capability, HasCheck | None] = {Capability.ANSWERS: generator}
    if isinstance(generator, FallbackAnswers):
        # Each of the two: together they hide what is wrong with the first.
        answers = {Capability.ANSWERS: generator.primary, Capability.ANSWER_FALLBACK: generator.substitute}
    return {
        **answers,
        Capability.EMBEDDINGS: embedder,
        Capability.RETRIEVAL: index,
        Capability.LABELS: images.detector,
        Capability.MODERATION: images.moderator,
        Capability.MASKS: images.cutter,
        Capability.BACKGROUNDS: background_generator,
        **{
            capability: CheckOf(partial(surveys.backends.analyzer, backend.value, "", "readiness"))
            for capability, backend in _SURVEYS.items()
        },
        Capability.PERSONAL_DATA: detector,
        Capability.MAIL: channels.mail,
        Capability.TOPIC: channels.topic,
        Capability.FILES: files,
        Capability.CAPTURE: capture,
    }
