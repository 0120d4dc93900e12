"""The region's Cloud Storage bucket, with generations as the condition of each write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from processor.codec import Codec
from processor.core import Stored
from processor.store import Existing, ObjectStore


class Blob(Protocol):
    """The part of google.cloud.storage.Blob that is used."""

    metadata: Mapping[str, str] | None

    @property
    def generation(self) -> int | None:
        """The number that each write changes."""
        ...

    def download_as_bytes(self, *, if_generation_match: int | None) -> bytes:
        """The body."""
        ...

    def upload_from_string(self, data: bytes, content_type: str, *, if_generation_match: int) -> None:
        """Write body and metadata."""
        ...


class Bucket(Protocol):
    """The part of google.cloud.storage.Bucket that is used."""

    def get_blob(self, blob_name: str, /) -> Blob | None:
        """The object with its metadata, or None."""
        ...

    def blob(self, blob_name: str, /) -> Blob:
        """An object to be written."""
        ...


class GcsStore(ObjectStore):
    """The region's bucket. Conditional writes need storage.objects.create, .get and .delete on it."""

    codec: Codec = "gzip"  # what BigQuery reads

    def __init__(self, bucket: Bucket) -> None:
        from google.api_core.exceptions import NotFound, PreconditionFailed

        self._bucket = bucket
        self._overtaken, self._missing = PreconditionFailed, NotFound

    def read(self, key: str) -> Existing | None:
        """The object, or None when there is none, or it was replaced while it was read."""
        blob = self._bucket.get_blob(key)
        if blob is None:
            return None
        try:
            body = blob.download_as_bytes(if_generation_match=blob.generation)
        except (self._missing, self._overtaken):
            return None
        return Existing(body, dict(blob.metadata or {}), str(blob.generation))

    def create(self, stored: Stored) -> bool:
        """Write the object unless the key is taken (generation 0)."""
        return self._put(stored, 0)

    def replace(self, stored: Stored, tag: str) -> bool:
        """Write the object if the one there is still of generation `tag`."""
        return self._put(stored, int(tag))

    def _put(self, stored: Stored, generation: int) -> bool:
        blob = self._bucket.blob(stored.key)
        blob.metadata = stored.metadata
        try:
            # With a condition the library repeats the request after a fault; that a repeat of ours may meet our own
            # object (412) is no loss: the store then reads it, and finds that it holds all of ours.
            blob.upload_from_string(stored.body, "application/octet-stream", if_generation_match=generation)
        except self._overtaken:
            return False
        return True
