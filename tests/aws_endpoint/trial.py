"""The settings with which the whole app runs on the local AWS."""

from __future__ import annotations

from typing import Final

from tests.aws_endpoint.endpoint import REGION
from tests.s3 import BUCKET

# Whatever can be on AWS is; ids are those that the modules in services/ answer for.
TRIAL_SETTINGS: Final = {
    "FRONTLINE_AWS_REGION": REGION,
    "FRONTLINE_STORAGE_ROOT": f"s3://{BUCKET}/app",
    "FRONTLINE_CAPTURE_ROOT": f"s3://{BUCKET}/capture",
    "FRONTLINE_ANSWER_BACKEND": "bedrock",
    "FRONTLINE_BEDROCK_ANSWER_MODEL": "us.amazon.nova-lite-v1:0",
    "FRONTLINE_EMBEDDING_BACKEND": "bedrock",
    "FRONTLINE_BEDROCK_EMBEDDING_MODEL": "amazon.titan-embed-text-v2:0",
    "FRONTLINE_LABEL_BACKEND": "rekognition",
    "FRONTLINE_BACKGROUND_BACKEND": "bedrock",
    "FRONTLINE_BEDROCK_IMAGE_MODEL": "us.stability.stable-image-inpaint-v1:0",
    "FRONTLINE_MASK_BACKEND": "bedrock",
    "FRONTLINE_BEDROCK_MASK_MODEL": "us.stability.stable-image-remove-background-v1:0",
    "FRONTLINE_SURVEY_BACKEND": "bedrock",
    "FRONTLINE_BEDROCK_SURVEY_MODEL": "us.amazon.nova-lite-v1:0",
    "FRONTLINE_PII_BACKEND": "comprehend",
}


def app_settings() -> dict[str, str]:
    """The app's settings; makes the SNS topic that they name, with the AWS environment of this process."""
    import boto3

    topic = boto3.client("sns", region_name=REGION).create_topic(Name="frontline")
    return {**TRIAL_SETTINGS, "FRONTLINE_SNS_TOPIC_ARN": topic["TopicArn"]}
