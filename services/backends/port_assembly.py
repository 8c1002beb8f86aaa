"""Puts the ports of image batches and surveys together out of adapters and repositories."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from services.backends.aws.access import AwsAccess
from services.backends.image_backends import (
    build_background_generator,
    build_cutter,
    build_label_detector,
    build_photo_moderator,
    generator_version,
    moderation_confidence,
)
from services.backends.local.caption_search import CaptionSearch
from services.backends.survey_backends import (
    SurveyModelAccess,
    build_survey_backends,
    build_topic_namer,
    build_topic_suggester,
)
from services.errors import ConfigurationError
from services.images.backdrops import BackdropService
from services.images.workshop import ImagePorts, ImageWorkshop
from services.operations.prices import PriceTable
from services.ports.files import FileStore
from services.ports.images import BackgroundGenerator
from services.ports.knowledge import Embedder
from services.ports.privacy import PersonalDataDetector
from services.settings import Settings
from services.storage.database import Database
from services.storage.image_changes import SqlImageChanges
from services.storage.image_notices import SqlBatchNotices
from services.storage.images import SqlImageRepository
from services.storage.paid_calls import SqlPaidCallLedger
from services.storage.rate_limits import SqlRateLimits
from services.storage.surveys import SqlSurveyRepository
from services.surveys.assembly import SurveyPorts


def assemble_image_workshop(
    settings: Settings,
    database: Database,
    files: FileStore,
    backdrops: BackdropService,
    embedder: Embedder,
    aws: AwsAccess,
    prices: PriceTable,
) -> ImageWorkshop:
    """What works on single photos; a tenant's generator knows the tenant's library."""
    search = CaptionSearch(embedder)

    @cache
    def generator_of(tenant_id: str) -> BackgroundGenerator:
        return build_background_generator(
            settings, lambda: backdrops.library(tenant_id), search, aws, picture_prices(aws, prices)
        )

    return ImageWorkshop(
        ImagePorts(
            repository=SqlImageRepository(database),
            changes=SqlImageChanges(database),
            notices=SqlBatchNotices(database),
            ledger=SqlPaidCallLedger(database),
            files=files,
            cutter=build_cutter(settings, aws),
            detector=build_label_detector(settings, aws),
            backdrops=backdrops,
            generator_of=generator_of,
            generator_version=generator_version(settings),
            moderator=build_photo_moderator(settings, aws),
            moderation_confidence=moderation_confidence(settings),
        )
    )


def picture_prices(aws: AwsAccess, prices: PriceTable) -> Callable[[str], float | None]:
    """What a picture of a model on AWS costs in our region, by the model's full id; None where it is not known."""

    def price_of(model_id: str) -> float | None:
        try:
            price = prices.price_of(model_id, aws.clients.region)
        except ConfigurationError:  # no region: whoever asks the model is told
            return None
        return price.image_price() if price is not None else None

    return price_of


def assemble_survey_ports(
    settings: Settings,
    database: Database,
    files: FileStore,
    embedder: Embedder,
    detector: PersonalDataDetector,
    aws: AwsAccess,
    prices: PriceTable,
) -> SurveyPorts:
    """What surveys need from the outside."""
    ledger = SqlPaidCallLedger(database)
    access = SurveyModelAccess(ledger, aws, SqlRateLimits(database), prices)
    return SurveyPorts(
        repository=SqlSurveyRepository(database),
        files=files,
        detector=detector,
        backends=build_survey_backends(settings, embedder, access),
        suggester=lambda: build_topic_suggester(embedder),
        max_bytes=settings.max_survey_bytes,
        forget_calls=ledger.forget,
        namer=build_topic_namer(settings, access),
    )
