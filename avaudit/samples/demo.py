"""The media of ``avaudit demo``: made on the spot, signed by a CA made on the spot."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .credentials import (
    Ingredient,
    TestAuthority,
    action,
    flip_image_byte_jpeg,
    make_test_authority,
    provenance_pointer_jpeg,
    sign_bytes,
    strip_manifest_jpeg,
)
from .metadata import png_text, png_with
from .pictures import encode_image, scene, write_clip
from .watermark import embed_dwtdct, text_bits

PARAMETERS_TEXT = (
    "a lighthouse at dusk, oil painting\nNegative prompt: text\n"
    "Steps: 28, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 640x480, Model: example"
)


def make_demo_media(folder: Path, seed: int = 2026) -> TestAuthority:
    """Fill a folder with sample media and give the authority that signed some of them.

    Parameters
    ----------
    folder
        An existing folder.
    seed
        Seed of the drawn pictures; keys and signatures are new every time.
    """
    rng = np.random.default_rng(seed)
    authority = make_test_authority(organisation="Demo Newsroom", signer="Demo camera desk")
    photo = encode_image(scene(rng), "JPEG", quality=92)
    captured = sign_bytes(
        photo,
        "image/jpeg",
        authority,
        title="harbour.jpg",
        actions=[action("c2pa.created", source_type="digitalCapture")],
    )
    edited = sign_bytes(
        encode_image(scene(rng), "JPEG", quality=90),
        "image/jpeg",
        authority,
        title="edited.jpg",
        actions=[
            action("c2pa.opened"),
            action(
                "c2pa.edited",
                source_type="compositeWithTrainedAlgorithmicMedia",
                software_agent="Example Fill",
            ),
        ],
        ingredients=[Ingredient(data=captured, media_type="image/jpeg", title="harbour.jpg")],
    )
    generated = sign_bytes(
        encode_image(scene(rng), "PNG"),
        "image/png",
        authority,
        title="generated.png",
        actions=[
            action(
                "c2pa.created",
                source_type="trainedAlgorithmicMedia",
                software_agent="Example Image Generator",
            )
        ],
    )
    marked = embed_dwtdct(scene(rng, 768, 512), text_bits("StableDiffusionV1"))
    pointer = provenance_pointer_jpeg(photo, "self#jumbf=/c2pa/urn:c2pa:demo")
    stripped = strip_manifest_jpeg(
        sign_bytes(
            pointer,
            "image/jpeg",
            authority,
            title="stripped.jpg",
            actions=[action("c2pa.created", source_type="digitalCapture")],
        )
    )
    text = png_text("parameters", PARAMETERS_TEXT)
    files = {
        "01-signed-camera-photo.jpg": captured,
        "02-signed-ai-generated.png": generated,
        "03-signed-ai-edit-of-01.jpg": edited,
        "04-tampered-after-signing.jpg": flip_image_byte_jpeg(captured),
        "05-manifest-stripped.jpg": stripped,
        "06-watermarked.png": encode_image(marked, "PNG"),
        "07-generator-metadata.png": png_with(encode_image(scene(rng), "PNG"), text),
        "08-nothing-known.jpg": encode_image(scene(rng), "JPEG", quality=85),
        "10-truncated.jpg": photo[: len(photo) // 2],
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    write_clip(folder / "09-clip-with-late-sound.mp4", rng, sound_starts_s=0.4)
    return authority
