"""A home whose image batches are labeled by Rekognition and painted by Bedrock, both on the local endpoint."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.images.intake import ImageUpload
from services.images.models import ImageBatch
from tests.aws_endpoint.endpoint import REGION, AwsEndpoint, running_aws_endpoint
from tests.integration.image_home import MIA, TENANT, shot
from tests.integration.services_home import ServicesHome

IMAGE_MODEL = "us.stability.stable-image-inpaint-v1:0"
MASK_MODEL = "us.stability.stable-image-remove-background-v1:0"
ON_AWS = {
    "FRONTLINE_AWS_REGION": REGION,
    "FRONTLINE_LABEL_BACKEND": "rekognition",
    "FRONTLINE_BACKGROUND_BACKEND": "bedrock",
    "FRONTLINE_BEDROCK_IMAGE_MODEL": IMAGE_MODEL,
    "FRONTLINE_LOG_FORMAT": "json",
}


class AwsImageHome(ServicesHome):
    """Services and workers whose boto3 speaks to the endpoint."""

    def batch(self, count: int) -> ImageBatch:
        """A batch of photos of a round product, each in another color, whose labels and masks are to be made."""
        output = io.BytesIO()
        with zipfile.ZipFile(output, "w") as archive:
            for number in range(count):
                archive.writestr(f"balls/{number:03d}.jpg", shot(number))
        return self.services.image_batches.create(MIA, TENANT, [ImageUpload("balls.zip", output.getvalue())])


@contextmanager
def aws_image_home(folder: Path, database_url: str, **settings: str) -> Iterator[tuple[AwsImageHome, AwsEndpoint]]:
    """A home and the endpoint until the block ends."""
    with running_aws_endpoint() as endpoint:
        home = AwsImageHome(folder, database_url, TENANT, **{**ON_AWS, **settings})
        try:
            yield home, endpoint
        finally:
            home.close()
