"""Where the examined files are: SARIF's artifacts and locations."""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

from avaudit.result import Report, Subject

_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)
SOURCE, BESIDE = "%SRCROOT%", "REPORT"


class Places:
    """The files of a report, each once, and references to them.

    Parameters
    ----------
    report
        The report.
    folder
        Its folder, from which the subjects' paths lead.
    root
        Files below it are named from here (code scanning wants paths within the repository);
        others from the report's folder.
    """

    def __init__(self, report: Report, folder: Path, root: Path) -> None:
        self._folder = folder.absolute()
        self._root = Path(os.path.normpath(root.absolute()))
        self.artifacts: list[dict[str, Any]] = []
        self._index: dict[str, int] = {}
        self._subjects = {subject.id: subject for subject in report.subjects}
        for subject in report.subjects:
            self._index[subject.id] = len(self.artifacts)
            self.artifacts.append(self._artifact(subject))

        self.artifacts.append({"location": self._locate("report.json")})

    def of(self, subject_id: str | None = None) -> list[dict[str, Any]]:
        """Give the locations of a result.

        What is about no listed file is said of report.json: code scanning refuses a result that
        lies nowhere.
        """
        index = self._index.get(subject_id or "", len(self.artifacts) - 1)
        location = self.artifacts[index]["location"] | {"index": index}
        return [{"physicalLocation": {"artifactLocation": location}}]

    def key(self, subject_id: str) -> str:
        """Give what names a file in every run: its content, else where it lies."""
        subject = self._subjects.get(subject_id)
        if subject is None:
            return subject_id
        return subject.sha256 or str(self.artifacts[self._index[subject_id]]["location"]["uri"])

    def bases(self) -> dict[str, Any]:
        """Say what the two bases of addresses are; neither has an absolute address."""
        return {
            SOURCE: {"description": {"text": "The working directory of the command."}},
            BESIDE: {"description": {"text": "The folder of report.json."}},
        }

    def _artifact(self, subject: Subject) -> dict[str, Any]:
        name = subject.path or PurePosixPath(subject.name).name or "unnamed"
        artifact: dict[str, Any] = {"location": self._locate(name)}
        if subject.sha256 is not None:
            artifact["hashes"] = {"sha-256": subject.sha256}
        if subject.bytes is not None:
            artifact["length"] = subject.bytes
        if subject.media_type and _MEDIA_TYPE.fullmatch(subject.media_type):
            artifact["mimeType"] = subject.media_type
        return artifact

    def _locate(self, name: str) -> dict[str, Any]:
        path = os.path.normpath(name)
        place = Path(os.path.normpath(self._folder / path))
        if place.is_relative_to(self._root):
            return {"uri": _address(place.relative_to(self._root)), "uriBaseId": SOURCE}
        if Path(path).is_absolute():
            return {"uri": f"file://{_address(Path(path))}"}
        return {"uri": _address(Path(path)), "uriBaseId": BESIDE}


def _address(path: Path) -> str:
    """Give a path as a URI reference; what is no plain character of one is percent-encoded."""
    return quote(path.as_posix().encode("utf-8", "surrogatepass"), safe="/")
