"""Image models of Bedrock: they repaint where the mask says, in colors of the words and the seed, and keep the rest."""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import json
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.aws_endpoint.endpoint import AwsEndpoint, AwsRequest
from tests.aws_endpoint.faults import AwsFault
from tests.aws_endpoint.model_ids import plain_model_id
from tests.aws_endpoint.paid_replies import PaidReplies
from tests.aws_endpoint.services.bedrock_runtime_invoke import register_model

FORBIDDEN: Final = "forbidden"
"""A prompt with this word is refused."""

ONE_BLOCKED: Final = "doubtful"
"""Of the pictures for a prompt with this word the first is kept back."""

ALL_BLOCKED: Final = "indecent"
"""Every picture for a prompt with this word is kept back."""

TITAN_SIZES: Final = frozenset(
    {
        (1024, 1024), (768, 768), (512, 512), (768, 1152), (384, 576), (1152, 768), (576, 384), (768, 1280),
        (384, 640), (1280, 768), (640, 384), (896, 1152), (448, 576), (1152, 896), (576, 448), (768, 1408),
        (384, 704), (1408, 768), (704, 384), (640, 1408), (320, 704), (1408, 640), (704, 320), (1152, 640), (1173, 640),
    }
)  # fmt: skip
_BLOCKED: Final = (
    "This request has been blocked by our content filters. Our filters automatically flagged this prompt because it "
    "may conflict with our AUP or AWS Responsible AI Policy. Please adjust your text prompt to submit a new request."
)
_KEPT_BACK: Final = "Images have been blocked by our content filters: they may conflict with our AUP."
_CONFIG_KEYS: Final = {"numberOfImages", "quality", "cfgScale", "seed"}

paid = PaidReplies()
"""Of all image models together; a reply whose pictures were all kept back costs nothing."""


def register(endpoint: AwsEndpoint) -> None:
    """Answer for the models."""
    register_model("amazon.titan-image-generator", titan)
    register_model("amazon.nova-canvas", nova_canvas)
    register_model("stability.stable-image-inpaint", stability_inpaint)
    register_model("stability.stable-image-search-replace", stability_search_replace)
    register_model("stability.stable-image-remove-background", stability_remove_background)
    paid.clear()
    endpoint.on_reset(paid.clear)


def titan(request: AwsRequest, body: dict[str, Any]) -> dict[str, Any]:
    """The body of the reply."""
    _require(
        set(body) == {"taskType", _parameters_of(body), "imageGenerationConfig"}, "extraneous key is not permitted"
    )
    config = _config(body, _CONFIG_KEYS | {"width", "height"}, 2_147_483_646)
    image, kept = _masked(body, longest=512)
    size = (config.get("width"), config.get("height"))
    _require(size in TITAN_SIZES, f"{size} is not a permissible size")
    _require(image.size == size, "the image has another size than was asked for")
    return _painted(request, body, config, image, kept)


def nova_canvas(request: AwsRequest, body: dict[str, Any]) -> dict[str, Any]:
    """The body of the reply."""
    if body.get("taskType") == "BACKGROUND_REMOVAL":
        _require(set(body) == {"taskType", "backgroundRemovalParams"}, "extraneous key is not permitted")
        parameters = body["backgroundRemovalParams"]
        _require(set(parameters) == {"image"}, "extraneous key is not permitted")
        image = _opened(parameters["image"])
        _check_nova_size(image.size)
        _pay(request, body)
        return {"images": [_cut_out(image)]}
    _require(
        set(body) == {"taskType", _parameters_of(body), "imageGenerationConfig"}, "extraneous key is not permitted"
    )
    config = _config(body, _CONFIG_KEYS, 858_993_459)
    image, kept = _masked(body, longest=1024)
    _check_nova_size(image.size)
    return _painted(request, body, config, image, kept)


def stability_inpaint(request: AwsRequest, body: dict[str, Any]) -> dict[str, Any]:
    """The body of the reply."""
    fields = {"image", "mask", "prompt", "negative_prompt", "seed", "grow_mask", "output_format", "style_preset"}
    image = _stability_image(body, fields)
    mask = _black_and_white(body["mask"], image.size)
    grown = body.get("grow_mask", 5)
    _require(isinstance(grown, int) and 0 <= grown <= 20, "grow_mask: must be between 0 and 20")
    return _stability_painted(request, body, image, kept=mask < 128)


def stability_search_replace(request: AwsRequest, body: dict[str, Any]) -> dict[str, Any]:
    """The body of the reply: what it finds is what has the color of the upper left corner."""
    fields = {"image", "search_prompt", "prompt", "negative_prompt", "seed", "grow_mask", "output_format"}
    image = _stability_image(body, fields | {"style_preset"})
    _require(0 < len(body.get("search_prompt", "")) <= 10_000, "search_prompt: required")
    return _stability_painted(request, body, image, kept=_stands_out(np.asarray(image)))


def stability_remove_background(request: AwsRequest, body: dict[str, Any]) -> dict[str, Any]:
    """The body of the reply."""
    _require(set(body) <= {"image", "output_format"}, "extraneous key is not permitted")
    _require(body.get("output_format", "png") in {"png", "webp"}, "output_format: must be png or webp")
    image = _opened(body.get("image"))
    _check_stability_size(image.size)
    _pay(request, body)
    return {"seeds": [0], "finish_reasons": [None], "images": [_cut_out(image)]}


def _parameters_of(body: dict[str, Any]) -> str:
    kinds = {"OUTPAINTING": "outPaintingParams", "INPAINTING": "inPaintingParams"}
    _require(body.get("taskType") in kinds, "taskType is not a valid enum value")
    return kinds[body["taskType"]]


def _config(body: dict[str, Any], keys: set[str], largest_seed: int) -> dict[str, Any]:
    config: dict[str, Any] = body["imageGenerationConfig"]
    _require(set(config) <= keys, "extraneous key is not permitted")
    count, seed, scale = config.get("numberOfImages", 1), config.get("seed", 42), config.get("cfgScale", 8.0)
    _require(isinstance(count, int) and 1 <= count <= 5, f"numberOfImages: {count} is not between 1 and 5")
    _require(isinstance(seed, int) and 0 <= seed <= largest_seed, f"seed: {seed} is not between 0 and {largest_seed}")
    _require(1.1 <= float(scale) <= 10, f"cfgScale: {scale} is not between 1.1 and 10")
    _require(config.get("quality", "standard") in {"standard", "premium"}, "quality is not a valid enum value")
    return config


def _masked(body: dict[str, Any], longest: int) -> tuple[Image.Image, NDArray[np.bool_]]:
    """The picture, and what of it stays: OUTPAINTING repaints white, INPAINTING black."""
    parameters = body[_parameters_of(body)]
    outside = body["taskType"] == "OUTPAINTING"
    fields = {"image", "maskImage", "maskPrompt", "text", "negativeText"} | ({"outPaintingMode"} if outside else set())
    _require(set(parameters) <= fields, "extraneous key is not permitted")
    _require(("maskImage" in parameters) != ("maskPrompt" in parameters), "exactly one of maskImage and maskPrompt")
    for name in ("text", "negativeText"):
        text = parameters.get(name, "xxx")
        _require(3 <= len(text) <= longest, f"{name}: expected length 3 to {longest}, actual: {len(text)}")
    _require("text" in parameters or not outside, "required key [text] not found")
    _require(parameters.get("outPaintingMode", "DEFAULT") in {"DEFAULT", "PRECISE"}, "outPaintingMode: wrong value")
    if FORBIDDEN in parameters.get("text", ""):
        raise AwsFault("ValidationException", _BLOCKED)
    image = _opened(parameters["image"])
    if "maskPrompt" in parameters:
        raise AwsFault("ValidationException", "Unable to auto-generate mask image from the provided mask prompt.")
    mask = _black_and_white(parameters["maskImage"], image.size)
    return image, mask < 128 if outside else mask >= 128


def _painted(
    request: AwsRequest, body: dict[str, Any], config: dict[str, Any], image: Image.Image, kept: NDArray[np.bool_]
) -> dict[str, Any]:
    text = body[_parameters_of(body)].get("text", "")
    count = config.get("numberOfImages", 1)
    images = [_png(_repainted(image, kept, text, config.get("seed", 42), number)) for number in range(count)]
    if ALL_BLOCKED in text:
        return {"images": [], "error": _KEPT_BACK}
    _pay(request, body)
    if ONE_BLOCKED in text:
        return {"images": images[1:], "error": _KEPT_BACK}
    return {"images": images, "error": None}


def _stability_image(body: dict[str, Any], fields: set[str]) -> Image.Image:
    _require(set(body) <= fields, f"extraneous key is not permitted: {sorted(set(body) - fields)}")
    _require(0 < len(body.get("prompt", "")) <= 10_000, "prompt: expected length 1 to 10000")
    _require(len(body.get("negative_prompt", "")) <= 10_000, "negative_prompt: too long")
    seed = body.get("seed", 0)
    _require(isinstance(seed, int) and 0 <= seed <= 4_294_967_294, f"seed: {seed} is not between 0 and 4294967294")
    _require(body.get("output_format", "png") in {"png", "jpeg", "webp"}, "output_format: wrong value")
    image = _opened(body.get("image"))
    _check_stability_size(image.size)
    return image


def _stability_painted(
    request: AwsRequest, body: dict[str, Any], image: Image.Image, *, kept: NDArray[np.bool_]
) -> dict[str, Any]:
    prompt = body["prompt"]
    if FORBIDDEN in prompt:
        return {"finish_reasons": ["Filter reason: prompt"]}
    seed = body.get("seed") or int(hashlib.sha256(prompt.encode()).hexdigest()[:6], 16)
    if ALL_BLOCKED in prompt or (ONE_BLOCKED in prompt and seed % 3 == 0):
        return {"seeds": [seed], "finish_reasons": ["Filter reason: output image"], "images": []}
    _pay(request, body)
    painted = _png(_repainted(image, kept, prompt, seed, 0))
    return {"seeds": [seed], "finish_reasons": [None], "images": [painted]}


def _check_nova_size(size: tuple[int, int]) -> None:
    _require(all(320 <= side <= 4096 and side % 16 == 0 for side in size), f"{size}: sides of 320 to 4096 in 16s")
    _require(max(size) <= 4 * min(size), "The aspect ratio must be between 1:4 and 4:1")
    _require(size[0] * size[1] < 4_194_304, "The total pixel count must be less than 4,194,304")


def _check_stability_size(size: tuple[int, int]) -> None:
    _require(min(size) >= 64, "image: every side must be at least 64 pixels")
    _require(4_096 <= size[0] * size[1] <= 9_437_184, "image: 4,096 to 9,437,184 pixels")
    _require(max(size) <= 2.5 * min(size), "image: the aspect ratio must be between 1:2.5 and 2.5:1")


def _opened(text: object) -> Image.Image:
    try:
        data = base64.b64decode(str(text), validate=True)
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as opened:
            opened.load()
            _require(opened.mode in {"RGB", "RGBA", "L"}, "image: 8 bits per channel")
            return opened.convert("RGB")
    except (binascii.Error, OSError) as error:
        raise AwsFault("ValidationException", "Provided image is not a valid image.") from error


def _black_and_white(text: object, size: tuple[int, int]) -> NDArray[np.uint8]:
    mask = _opened(text)
    _require(mask.size == size, "the mask has another size than the image")
    pixels = np.asarray(mask)
    _require(bool(np.isin(pixels, (0, 255)).all() and (pixels == pixels[..., :1]).all()), "mask: pure black and white")
    return pixels[..., 0]


def _repainted(image: Image.Image, kept: NDArray[np.bool_], text: str, seed: int, number: int) -> Image.Image:
    """Stripes of two colors, bluish so that tests tell them from a product."""
    draws = np.random.default_rng(int(hashlib.sha256(f"{text} {seed} {number}".encode()).hexdigest()[:12], 16))
    colors = draws.integers(0, 90, (2, 3)) + np.array([0, 0, 160])
    height, width = kept.shape
    stripes = (np.arange(width)[None, :] // 24 + np.arange(height)[:, None] // 24) % 2
    pixels = np.where(kept[..., None], np.asarray(image), colors[stripes]).astype(np.uint8)
    return Image.fromarray(pixels)


def _stands_out(pixels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return np.asarray(np.abs(pixels.astype(int) - pixels[0, 0].astype(int)).max(axis=2) > 24)


def _cut_out(image: Image.Image) -> str:
    """Opaque where the picture has another color than its upper left corner."""
    alpha = np.where(_stands_out(np.asarray(image)), 255, 0).astype(np.uint8)
    image.putalpha(Image.fromarray(alpha))
    return _png(image)


def _png(picture: Image.Image) -> str:
    written = io.BytesIO()
    picture.save(written, "PNG", compress_level=1)
    return base64.b64encode(written.getvalue()).decode()


def _pay(request: AwsRequest, body: dict[str, Any]) -> None:
    paid.add(plain_model_id(request.parameters["modelId"]), json.dumps(body, sort_keys=True))


def _require(holds: bool, words: str) -> None:
    if not holds:
        raise AwsFault("ValidationException", f"Malformed input request: {words}, please reformat your input.")
