"""provenance.metadata: every generator field it knows gives the claim it stands for."""

# ruff: noqa: E501 - tables read best with one row to a line

import base64
import io
import json
from typing import Any

import pytest

from avaudit.detector import Observed
from avaudit.detectors.provenance.metadata.answer import answer
from avaudit.media.sniff import sniff
from avaudit.samples import metadata as still, metadata_av as av

A1111 = (
    "a lovely cat\nNegative prompt: dogs\nSteps: 20, Sampler: Euler a, CFG scale: 7, "
    "Seed: 42, Size: 512x512, Model hash: abc, Version: v1.9.4"
)
GRAPH = json.dumps({"3": {"inputs": {"seed": 1}, "class_type": "KSampler"}})
WORKFLOW = json.dumps({"last_node_id": 9, "nodes": [{"id": 3, "type": "KSampler"}], "links": []})
INNER = {"Label": "1", "ContentProducer": "Example Co", "ProduceID": "p1", "ReservedCode1": ""}
AIGC = json.dumps({"AIGC": INNER})
JOB = "a cat --v 6.1 --ar 16:9 Job ID: 12345678-1234-1234-1234-123456789abc"
CV = "http://cv.iptc.org/newscodes/digitalsourcetype/"
SIGNATURE = "Signature: " + base64.b64encode(bytes(range(64))).decode()
UUID = "01234567-89ab-4def-8123-456789abcdef"


def facts_of(data: bytes) -> dict[str, Any]:
    found = sniff(data[:4096])
    assert found is not None, "the sample is not even recognised"
    outcome = answer(io.BytesIO(data), found.media_type)
    assert isinstance(outcome, Observed)
    return dict(outcome.facts)


def png(*chunks: bytes, late: bool = False) -> bytes:
    return still.png_with(still.png_pixel(), *chunks, late=late)


def text(keyword: str, value: str, form: str = "tEXt") -> bytes:
    return png(still.png_text(keyword, value, form=form))


def jpeg(**parts: Any) -> bytes:
    return still.jpeg_with(still.jpeg_bare(), **parts)


def xmp(name: str, value: str, *, attributes: bool = False) -> bytes:
    return jpeg(xmp=still.xmp_packet({name: value}, attributes=attributes))


def exif(**fields: str) -> bytes:
    return jpeg(exif=still.exif_block(fields))


def jpeg_with_trailer(tag: int, name: str, value: str) -> bytes:
    return still.jpeg_bare() + still.samsung_trailer({tag: (name, value)})


FIELDS: list[tuple[str, bytes, str, str, str | None, str]] = [
    # Stable Diffusion user interfaces
    ("a1111 tEXt", text("parameters", A1111), "PNG text", "generated", "Stable Diffusion web UI", "high"),
    ("a1111 iTXt", text("parameters", A1111, "iTXt"), "PNG text", "generated", "Stable Diffusion web UI", "high"),
    ("a1111 zTXt", text("parameters", A1111, "zTXt"), "PNG text", "generated", "Stable Diffusion web UI", "high"),
    ("forge", text("parameters", A1111.replace("v1.9.4", "f2.0.1v1.10")), "PNG text", "generated", "Stable Diffusion web UI Forge", "high"),
    ("sd.next", text("parameters", A1111 + ", App: SD.Next"), "PNG text", "generated", "SD.Next", "high"),
    ("a1111 UserComment", exif(UserComment=A1111), "EXIF", "generated", "Stable Diffusion web UI", "high"),
    ("a1111 UserComment MM", jpeg(exif=still.exif_block({"UserComment": A1111}, order=">")), "EXIF", "generated", "Stable Diffusion web UI", "high"),
    ("a1111 GIF", still.gif_with(still.GIF_PIXEL, comment=A1111), "GIF comment", "generated", "Stable Diffusion web UI", "high"),
    ("a1111 JPEG comment", jpeg(comment=A1111), "JPEG comment", "generated", "Stable Diffusion web UI", "high"),
    ("swarmui", text("parameters", '{"sui_image_params": {"prompt": "x"}}'), "PNG text", "generated", "SwarmUI", "high"),
    ("fooocus scheme", text("fooocus_scheme", "fooocus"), "PNG text", "generated", "Fooocus", "high"),
    ("fooocus json", text("parameters", '{"prompt": "x", "version": "Fooocus v2.5.5"}'), "PNG text", "generated", "Fooocus", "high"),
    ("easy diffusion", text("negative_prompt", "ugly"), "PNG text", "generated", "Easy Diffusion", "high"),
    # ComfyUI
    ("comfy prompt", text("prompt", GRAPH), "PNG text", "generated", "ComfyUI", "high"),
    ("comfy workflow", text("workflow", WORKFLOW), "PNG text", "generated", "ComfyUI", "high"),
    ("comfy webp", av.riff(b"WEBP", av.riff_chunk(b"EXIF", still.exif_block({"Make": f"workflow:{WORKFLOW}"}))), "EXIF", "generated", "ComfyUI", "high"),
    ("comfy mp4", av.mp4(keys={"prompt": GRAPH}), "MP4 moov/udta/meta/keys", "generated", "ComfyUI", "high"),
    ("comfy video node", av.mp4(items={"\xa9cmt": json.dumps({"prompt": GRAPH, "workflow": WORKFLOW})}), "MP4 moov/udta/meta/ilst", "generated", "ComfyUI", "high"),
    ("comfy flac", av.flac({"prompt": GRAPH}), "Vorbis comment", "generated", "ComfyUI", "high"),
    ("comfy mkv", av.matroska({"WORKFLOW": WORKFLOW}), "Matroska tag", "generated", "ComfyUI", "high"),
    # InvokeAI, NovelAI, Midjourney, Hugging Face
    ("invokeai_metadata", text("invokeai_metadata", '{"positive_prompt": "x"}'), "PNG text", "generated", "InvokeAI", "high"),
    ("invokeai_graph", text("invokeai_graph", '{"nodes": {}}'), "PNG text", "generated", "InvokeAI", "high"),
    ("sd-metadata", text("sd-metadata", '{"app_id": "invoke-ai/InvokeAI"}'), "PNG text", "generated", "InvokeAI", "high"),
    ("Dream", text("Dream", '"fire" -s 50 -S 1592514025 -W 384 -H 384 -C 7.5 -A ddim'), "PNG text", "generated", "InvokeAI", "high"),
    ("NovelAI", text("Software", "NovelAI"), "PNG text", "generated", "NovelAI", "high"),
    ("Midjourney", text("Description", JOB), "PNG text", "generated", "Midjourney", "high"),
    ("Midjourney without flags", text("Description", "a cat Job ID: " + UUID), "PNG text", "generated", "Midjourney", "medium"),
    ("hf-job-id", text("hf-job-id", UUID), "PNG text", "generated", "Hugging Face", "medium"),
    # EXIF
    ("Grok pair", exif(ImageDescription=SIGNATURE, Artist=UUID), "EXIF", "generated", "Grok", "medium"),
    ("Ideogram", exif(Make="Ideogram AI"), "EXIF", "generated", "Ideogram", "medium"),
    ("Software token", exif(Software="DALL-E 3"), "EXIF", "generated", "DALL·E", "medium"),
    ("sole artist", exif(Artist="Midjourney"), "EXIF", "generated", "Midjourney", "medium"),
    # XMP and IPTC
    *[
        (f"source type {term}", xmp("Iptc4xmpExt:DigitalSourceType", CV + term), "XMP", says, None, weight)
        for term, says, weight in [
            ("trainedAlgorithmicMedia", "generated", "high"),
            ("algorithmicMedia", "generated", "high"),
            ("compositeWithTrainedAlgorithmicMedia", "edited", "high"),
            ("compositeSynthetic", "edited", "high"),
            ("composite", "edited", "medium"),
            ("digitalCapture", "captured", "medium"),
        ]
    ],
    ("source type attribute, blank, https", xmp("Iptc4xmpExt:DigitalSourceType", " " + CV.replace("http:", "https:") + "trainedAlgorithmicMedia", attributes=True), "XMP", "generated", None, "high"),
    ("bare source type in Matroska", av.matroska({"DIGITALSOURCETYPE": "trainedAlgorithmicMedia"}), "Matroska tag", "generated", None, "high"),
    ("AISystemUsed", xmp("Iptc4xmpExt:AISystemUsed", "ImageMaker"), "XMP", "generated", "ImageMaker", "high"),
    ("AISystemVersionUsed", xmp("Iptc4xmpExt:AISystemVersionUsed", "4.1"), "XMP", "generated", None, "high"),
    ("AIPromptInformation", xmp("Iptc4xmpExt:AIPromptInformation", "a cat"), "XMP", "generated", None, "high"),
    ("AIPromptWriterName", xmp("Iptc4xmpExt:AIPromptWriterName", "A. Writer"), "XMP", "generated", None, "high"),
    ("Google XMP", xmp("photoshop:Credit", "Made with Google AI"), "XMP", "generated", "Google AI", "high"),
    ("Google XMP edited", xmp("photoshop:Credit", "Edited with Google AI"), "XMP", "edited", "Google AI", "high"),
    ("Google IIM", jpeg(credit="Made with Google AI"), "IPTC-IIM", "generated", "Google AI", "high"),
    ("CreatorTool", xmp("xmp:CreatorTool", "Adobe Firefly 3"), "XMP", "generated", "Adobe Firefly", "high"),
    ("pointer", xmp("dcterms:provenance", "self#jumbf=c2pa/urn:uuid:" + UUID), "XMP", "removed_manifest", None, "high"),
    # Samsung
    ("Samsung genAIType", jpeg_with_trailer(0x0BA1, "PhotoEditor_Re_Edit_Data", '{"genAIType":5}'), "Samsung trailer", "edited", "Samsung photo editor", "medium"),
    ("Samsung PEg_Info", jpeg_with_trailer(0x0D91, "PEg_Info", "{}"), "Samsung trailer", "edited", "Samsung photo editor", "medium"),
    # GB 45438: every carrier
    ("AIGC XMP element", xmp("TC260:AIGC", json.dumps(INNER)), "XMP", "generated", "Example Co", "high"),
    ("AIGC XMP attribute", xmp("TC260:AIGC", json.dumps(INNER), attributes=True), "XMP", "generated", "Example Co", "high"),
    ("AIGC XMP encoded twice", xmp("TC260:AIGC", AIGC.replace('"', "&quot;")), "XMP", "generated", "Example Co", "high"),
    ("AIGC PNG text", text("AIGC", AIGC), "PNG text", "generated", "Example Co", "high"),
    ("AIGC PNG chunk", png(still.png_chunk(b"AIGC", AIGC.encode())), "PNG chunk", "generated", "Example Co", "high"),
    ("AIGC UserComment", exif(UserComment=AIGC), "EXIF", "generated", "Example Co", "high"),
    ("AIGC MP4 keys", av.mp4(keys={"AIGC": AIGC}), "MP4 moov/udta/meta/keys", "generated", "Example Co", "high"),
    ("AIGC M4A", av.mp4(items={"----:com.apple.iTunes:AIGC": AIGC}, brand=b"M4A "), "MP4 moov/udta/meta/ilst/----", "generated", "Example Co", "high"),
    ("AIGC MP3", av.mp3(av.id3({"TXXX": av.id3_text(AIGC, "AIGC")})), "ID3", "generated", "Example Co", "high"),
    ("AIGC WAV", av.wav(av.riff_chunk(b"AIGC", AIGC.encode())), "RIFF chunk", "generated", "Example Co", "high"),
    ("AIGC FLAC", av.flac({"AIGC": AIGC}), "Vorbis comment", "generated", "Example Co", "high"),
    ("AIGC Ogg", av.ogg_opus({"AIGC": AIGC}), "Vorbis comment", "generated", "Example Co", "high"),
    ("AIGC possibly", text("AIGC", AIGC.replace('"1"', '"2"')), "PNG text", "generated", "Example Co", "medium"),
    ("AIGC suspected", text("AIGC", AIGC.replace('"1"', "3")), "PNG text", "generated", "Example Co", "low"),
    # MP4 tags
    ("too", av.mp4(items={"\xa9too": "Runway Gen-3"}), "MP4 moov/udta/meta/ilst", "generated", "Runway", "medium"),
    ("cmt", av.mp4(items={"\xa9cmt": "Made with Kling AI"}), "MP4 moov/udta/meta/ilst", "generated", "Kling", "medium"),
    ("swr", av.mp4(user_data={"\xa9swr": "Pika Labs"}, brand=b"qt  "), "MP4 moov/udta", "generated", "Pika", "medium"),
    ("mdta com.*", av.mp4(keys={"com.apple.quicktime.software": "Dreamina"}), "MP4 moov/udta/meta/keys", "generated", "ByteDance Dreamina", "medium"),
    ("uuid XMP", av.mp4(xmp=still.xmp_packet({"Iptc4xmpExt:DigitalSourceType": CV + "trainedAlgorithmicMedia"})), "XMP", "generated", None, "high"),
    # Suno and other sound
    ("Suno comment", av.mp3(av.id3({"COMM": av.id3_comment("made with suno; created=2025; id=" + UUID)})), "ID3", "generated", "Suno", "high"),
    ("Suno studio comment", av.mp3(av.id3({"COMM": av.id3_comment("made with suno studio; id=1")}, version=3)), "ID3", "generated", "Suno", "high"),
    ("Suno ID3v2.2", av.mp3(av.id3({"COM": av.id3_comment("made with suno")}, version=2)), "ID3", "generated", "Suno", "high"),
    ("Suno ID3v1", av.mp3(id3v1_comment="made with suno"), "ID3v1", "generated", "Suno", "high"),
    ("Suno WOAS", av.mp3(av.id3({"WOAS": b"https://suno.com/song/" + UUID.encode()})), "ID3", "generated", "Suno", "high"),
    ("Suno GEOB", av.mp3(av.id3({"GEOB": av.id3_c2pa(b"com.suno.provenance")})), "ID3", "generated", "Suno", "high"),
    ("ICMT", av.wav(av.riff_info({"ICMT": "Generated by ElevenLabs"})), "RIFF INFO", "generated", "ElevenLabs", "medium"),
    ("ISFT", av.wav(av.riff_info({"ISFT": "Udio"})), "RIFF INFO", "generated", "Udio", "medium"),
    ("_PMX", av.wav(av.riff_chunk(b"_PMX", still.xmp_packet({"Iptc4xmpExt:DigitalSourceType": CV + "trainedAlgorithmicMedia"}))), "XMP", "generated", None, "high"),
    ("TSSE", av.mp3(av.id3({"TSSE": av.id3_text("ElevenLabs")})), "ID3", "generated", "ElevenLabs", "medium"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "where", "says", "generator", "weight"),
    [row[1:] for row in FIELDS],
    ids=[row[0] for row in FIELDS],
)
def test_field_gives_its_claim(
    data: bytes, where: str, says: str, generator: str | None, weight: str
) -> None:
    facts = facts_of(data)
    matching = [c for c in facts["claims"] if c["says"] == says and c["where"] == where]
    assert matching, facts
    claim = matching[0]
    assert claim["weight"] == weight
    assert claim.get("generator") == generator
    assert claim["value"]
    others = {c["says"] for c in facts["claims"]} - {says}
    assert not others, facts["claims"]
    assert facts["truncated"] is False
    assert "notes" not in facts, facts["notes"]


def test_novelai_comment_is_claimed_beside_its_software_mark() -> None:
    data = png(
        still.png_text("Software", "NovelAI"), still.png_text("Comment", '{"uc": "x", "steps": 28}')
    )
    assert [c["field"] for c in facts_of(data)["claims"]] == ["Software", "Comment"]


def test_ai_fields_take_the_system_as_generator_and_follow_the_source_type() -> None:
    packet = still.xmp_packet(
        {
            "Iptc4xmpExt:DigitalSourceType": CV + "compositeWithTrainedAlgorithmicMedia",
            "Iptc4xmpExt:AISystemUsed": "Inpainter",
            "Iptc4xmpExt:AIPromptInformation": "remove the car",
        }
    )
    claims = facts_of(jpeg(xmp=packet))["claims"]
    assert {c["says"] for c in claims} == {"edited"}
    assert claims[-1]["generator"] == "Inpainter"


@pytest.mark.parametrize(
    "data",
    [
        exif(ImageDescription=SIGNATURE),
        exif(Artist=UUID),
        exif(ImageDescription="Signature: J. Smith", Artist=UUID),
        jpeg_with_trailer(0x0BA1, "PhotoEditor_Re_Edit_Data", '{"genAIType":0}'),
        jpeg(comment="Recipe. Steps: 20 minutes of patience, then stir. Sampler: my dog."),
        exif(ImageDescription="Steps: 12, down to the sea"),
        exif(UserComment="Steps: three\nSampler: none\nSeed: poppy"),
        text("parameters", "focal length 50"),
        text("prompt", "a cat"),
        text("prompt", '{"question": "what is your name?"}'),
        text("workflow", '{"name": "release", "nodes": 4}'),
        text("Dream", "I had a dream - s o it goes"),
        text("Comment", '{"uc": "university college"}'),
        text("Description", "Job ID: 4711, the roof"),
        av.mp4(items={"\xa9too": "Lavf60.16.100"}),
        av.matroska({"ENCODER": "Lavc60.31.102 libx264"}, writer="Lavf60.16.100"),
        av.mp3(av.id3({"TSSE": av.id3_text("Lavf59.27.100"), "TIT2": av.id3_text("Suno")})),
        av.wav(av.riff_info({"ICMT": "an interview about ElevenLabs and Midjourney"})),
        av.mp4(items={"\xa9cmt": "we tested Sora and Runway today"}),
        exif(Make="Canon", Model="EOS Flux"),
        xmp("photoshop:Credit", "OpenAI"),
        xmp("photoshop:Credit", "Google AI conference / J. Smith"),
        xmp("Iptc4xmpExt:DigitalSourceType", CV + "digitalCreation"),
        xmp("Iptc4xmpExt:DigitalSourceType", "http://example.org/trainedAlgorithmicMedia"),
        xmp("dcterms:provenance", "bought at an auction in 1962"),
        text("AIGC", "1"),
        text("Comment", 'the label {"AIGC": ...} is required'),
    ],
)
def test_look_alikes_give_no_claim(data: bytes) -> None:
    assert facts_of(data)["claims"] == []
