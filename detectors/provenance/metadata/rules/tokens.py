"""Names of generators in fields that name the tool, and "made with" sentences elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..claims import Claim, ClaimWeight, Evidence, claim, first
from ..raw import Note, RawField
from .aigc import is_label

_NAMES: tuple[tuple[str, str], ...] = (
    (r"midjourney", "Midjourney"),
    (r"dall[-·• ]?e(?: ?[23])?", "DALL·E"),
    (r"chatgpt|gpt-4o|gpt-image(?:-\d)?|openai", "OpenAI"),
    (r"stable[ -]?diffusion|stability\.? ?ai|dreamstudio|stable[ -]audio", "Stable Diffusion"),
    (r"adobe firefly|firefly", "Adobe Firefly"),
    (r"google (?:ai|gemini|imagen|veo)|nano banana|google generative ai", "Google AI"),
    (r"ideogram(?: ?ai)?", "Ideogram"),
    (r"leonardo\.?ai|leonardo ai", "Leonardo.Ai"),
    (r"black forest labs|flux\.1(?:-\w+)?|flux\.2(?:-\w+)?", "FLUX"),
    (r"runwayml|runway gen-?\d", "Runway"),
    (r"pika labs", "Pika"),
    (r"kling ?ai|可灵", "Kling"),
    (r"hailuo(?: ?ai)?|minimax|海螺ai", "Hailuo"),
    (r"jimeng(?: ?ai)?|dreamina|seedance|seedream|即梦|豆包", "ByteDance Dreamina"),
    (r"luma ai|luma dream machine", "Luma"),
    (r"eleven ?labs", "ElevenLabs"),
    (r"udio", "Udio"),
    (r"suno(?: ?ai| studio)?", "Suno"),
    (r"heygen", "HeyGen"),
    (r"synthesia", "Synthesia"),
    (r"novelai", "NovelAI"),
    (r"comfyui", "ComfyUI"),
    (r"invokeai|invoke-ai", "InvokeAI"),
    (r"fooocus", "Fooocus"),
    (r"draw things", "Draw Things"),
    (r"recraft(?: ?ai)?", "Recraft"),
    (r"krea ?ai|krea\.ai", "Krea"),
    (r"pixverse", "PixVerse"),
    (r"playht|play\.ht", "PlayHT"),
    (r"resemble ?ai|resemble\.ai", "Resemble AI"),
    (r"bing image creator|microsoft designer", "Microsoft Designer"),
    (r"xai grok|grok imagine", "Grok"),
    (r"musicgen|audiocraft", "MusicGen"),
    (r"invideo ai|hedra|soundraw|mubert|aiva", "AI service"),
)
# names that are words or other products too: only when they are the whole value
_WHOLE = re.compile(
    r"(?P<OpenAI>sora(?: 2)?)|(?P<Google>gemini|imagen(?: \d)?|veo(?: \d)?)"
    r"|(?P<Runway>runway)|(?P<Pika>pika)|(?P<Grok>grok)|(?P<Kling>kling)|(?P<FLUX>flux)",
    re.IGNORECASE,
)
_ANY = [
    (re.compile(rf"(?<![\w.@]){'(?:' + pattern + ')'}(?!\w)", re.IGNORECASE), name)
    for pattern, name in _NAMES
]
_PREFILTER = re.compile("|".join(f"(?:{pattern})" for pattern, _ in _NAMES), re.IGNORECASE)
_COMPANY = re.compile(
    r"openai|stability\.? ?ai|black forest labs|minimax|runwayml|heygen|synthesia|eleven ?labs",
    re.IGNORECASE,
)
_SENTENCES = 1000
"""Characters of a text in which such a sentence is looked for."""

_VERB = re.compile(
    r"(?:\b(?:made|created|generated|produced|synthesi[sz]ed|powered)\s(?:with|by|using|in)"
    r"\s(?:the\s)?|由)(.{1,60})",
    re.IGNORECASE,
)
_TOOL_FIELDS = {
    "software",
    "creatortool",
    "softwareagent",
    "make",
    "model",
    "hostcomputer",
    "isft",
    "itch",
    "ieng",
    "tsse",
    "tenc",
    "encoder",
    "encoded_by",
    "encoded by",
    "encodedby",
    "\xa9too",
    "\xa9swr",
    "\xa9enc",
    "\xa9mak",
    "\xa9mod",
    "writing_app",
    "com.apple.quicktime.software",
    "com.apple.quicktime.make",
    "originator",
    "producer",
    "originatingprogram",
    "imageeditingsoftware",
    "rawdevelopingsoftware",
    "tool",
    "generator",
    "ai_generator",
    "source",
}
_CREDIT_FIELDS = {"artist", "author", "by-line", "tpe1", "iart", "\xa9art", "credit", "creator"}
_SENTENCE_FIELDS = {
    "comment",
    "usercomment",
    "com",
    "comm",
    "\xa9cmt",
    "icmt",
    "description",
    "desc",
    "imagedescription",
    "caption",
    "title",
    "credit",
    "copyright",
    "©cpy",
    "annotation",
    "anno",
}


def generator_named(evidence: Evidence) -> Iterator[Claim | Note]:
    """Read a generator's name in a field that names the tool, or as the sole artist."""
    notes: list[Note] = []
    wanted = (f for f in evidence.fields if not is_label(f) and _role(f))
    for field in first(wanted, notes):
        text = field.value.strip()[:300]
        name = named_generator(text) if _role(field) == "tool" else _sole(text)
        if name:
            yield claim(field, "generated", _weight(field), name)
    yield from notes


def _role(field: RawField) -> str | None:
    key = field.key.removeprefix("com.android.")
    if key in _TOOL_FIELDS or key.startswith("com.openai"):
        return "tool"
    return "credit" if key in _CREDIT_FIELDS else None


def named_generator(text: str) -> str | None:
    """Give the generator that a tool field names, if it names one."""
    if _PREFILTER.search(text):
        for pattern, name in _ANY:
            if pattern.search(text):
                return name
    found = _WHOLE.fullmatch(text.strip())
    return found.lastgroup if found else None


def _sole(text: str) -> str | None:
    """Give the generator that is the whole of a text; a company may credit what it did not make."""
    if _COMPANY.fullmatch(text):
        return None
    for pattern, name in _ANY:
        if pattern.fullmatch(text):
            return name
    return None


def _weight(field: RawField) -> ClaimWeight:
    """Weigh a creator tool in XMP as a statement of its own; other tool fields are looser."""
    return "high" if field.where == "XMP" and field.key == "creatortool" else "medium"


def made_with(evidence: Evidence) -> Iterator[Claim | Note]:
    """Read "made with …", "generated by …" and the like before a generator's name."""
    notes: list[Note] = []
    wanted = (f for f in evidence.fields if f.key in _SENTENCE_FIELDS or f.name.startswith("COMM"))
    for field in first(wanted, notes):
        text = field.value[:_SENTENCES]
        if not _PREFILTER.search(text):
            continue
        name = next(filter(None, (_beginning(found[1]) for found in _VERB.finditer(text))), None)
        if name:
            yield claim(field, "generated", "medium", name)
    yield from notes


def _beginning(text: str) -> str | None:
    if not _PREFILTER.search(text):
        return None
    for pattern, name in _ANY:
        found = pattern.search(text)
        if found and found.start() <= 12:
            return name
    return None
