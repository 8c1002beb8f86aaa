"""The ways on which people are told outside the app, as the settings say. Nothing connects here."""

from __future__ import annotations

from services.backends.aws.access import AwsAccess
from services.images.notices import Channels
from services.ports.images import Notice
from services.settings import Settings


def build_channels(settings: Settings, aws: AwsAccess) -> Channels:
    """E-mail, a topic, both or neither."""
    return Channels(
        mail=_build_mail(settings),
        recipient=settings.smtp_to or "",
        topic=_build_topic(settings, aws),
        app_url=str(settings.public_url) if settings.public_url else "",
        link_hours=settings.link_hours,
    )


def _build_mail(settings: Settings) -> Notice | None:
    if settings.smtp_host is None or settings.smtp_from is None:
        return None
    from services.backends.smtp_notices import SmtpNotices, SmtpServer

    password = settings.smtp_password
    return SmtpNotices(
        SmtpServer(
            host=settings.smtp_host,
            port=settings.smtp_port,
            sender=settings.smtp_from,
            tls=settings.smtp_tls,
            user=settings.smtp_user or "",
            password=password.get_secret_value() if password else "",
        )
    )


def _build_topic(settings: Settings, aws: AwsAccess) -> Notice | None:
    if settings.sns_topic_arn is None:
        return None
    from services.backends.aws.sns_notices import SnsNotices

    return SnsNotices(aws, settings.sns_topic_arn)
