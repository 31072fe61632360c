"""Faces: found once per file for all detectors, followed between searches, cut out stably.

A detector that declares ``Need.FACES`` gets the faces with every chunk::

    def feed(self, chunk: Chunk) -> None:
        for face in chunk.faces.observations:      # every frame, every face, in order of time
            face.track, face.time_s, face.box, face.landmarks, face.confidence
            mouth = mouth_crop(face)               # uint8 (96, 96), grey, stabilised
            head = face_crop(face, 224)            # uint8 (224, 224, 3), eyes level
            pixels, (x, y) = native_crop(face)     # unscaled part of the picture
            pose_of(face.landmarks).yaw_deg        # also roll_deg, unit_px
        for end in chunk.faces.ends:               # tracks lost here, and why
            ...

``chunk.frames`` is there too. The types are in :mod:`avaudit.media.types`:
:class:`~avaudit.media.types.FaceObservation`, :class:`~avaudit.media.types.TrackEnd`,
:class:`~avaudit.media.types.ChunkFaces`. Crops are cut on demand from the frame at hand;
importing this package does not import torch.
"""

from .crops import Pose, face_crop, mouth_crop, native_crop, pose_of

__all__ = ["Pose", "face_crop", "mouth_crop", "native_crop", "pose_of"]
