"""The calls of the JSON API, of XML-style downloads and of signBlob, carried out on the store.

`Api.answer` is a plain function of a request that has arrived in full: the event loop cannot run another request
between a check and its write. Keep it so; an `await` in here would make preconditions a matter of luck.
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from infra.local.storage.downloads import content_response
from infra.local.storage.errors import ApiError, XmlError
from infra.local.storage.listing import MAX_RESULTS, Query, page_of
from infra.local.storage.objects import Edits, StoredObject, check_sums, read_edits
from infra.local.storage.resources import bucket_resource, object_resource
from infra.local.storage.routes import Call, preconditions_of, source_preconditions_of, whole_number
from infra.local.storage.signing import SigningKey, check_signed_request
from infra.local.storage.store import Store, utc_now
from infra.local.storage.uploads import Session, Sessions, claimed_in_header, parse_multipart, parse_resource

__all__ = ["Api", "Asked"]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that has arrived in full. `target` is path and query as they came; header names have any case."""

    call: Call
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def base(self) -> str:
        """This server's URL, as the client sees it."""
        return f"http://{self.headers.get('Host', '')}"


class Api:
    """What the server can do, by the kind of call."""

    def __init__(self, store: Store, key: SigningKey) -> None:
        self._store = store
        self._key = key
        self._sessions = Sessions()
        self._answers: dict[str, Callable[[Asked], web.Response]] = {
            "buckets.get": self._get_bucket,
            "buckets.insert": self._insert_bucket,
            "buckets.list": self._list_buckets,
            "objects.list": self._list,
            "objects.insert": self._insert,
            "objects.upload": self._upload,
            "objects.cancel": self._cancel,
            "objects.get": self._get,
            "objects.download": self._download,
            "objects.patch": self._edit,
            "objects.update": self._edit,
            "objects.delete": self._delete,
            "objects.copy": self._copy,
            "objects.rewrite": self._copy,
            "signBlob": self._sign_blob,
            "xml.get": self._xml,
            "xml.head": self._xml,
        }

    def answer(self, asked: Asked) -> web.Response:
        """Carry out a call. Raises Refused."""
        handler = self._answers.get(asked.call.kind)
        if handler is None:
            raise XmlError(501, "NotImplemented", "The local storage serves XML-style downloads only.")
        return handler(asked)

    def too_soon(self, asked: Asked) -> bool:
        """Whether the limit of writes to one object refuses this call, whatever else may be wrong with it."""
        written = self._written_by(asked) if self._store.write_interval else None
        return written is not None and self._store.too_soon(*written)

    def _written_by(self, asked: Asked) -> tuple[str, str] | None:
        """Bucket and name of the object that a call writes; None where it writes none, or cannot be understood."""
        call = asked.call
        match call.kind:
            case "objects.patch" | "objects.update" | "objects.delete":
                return call.bucket, call.name
            case "objects.copy" | "objects.rewrite":
                return call.target
            case "objects.insert" | "objects.upload":
                try:
                    return self._uploaded(asked)
                except ApiError:
                    return None
            case _:
                return None

    def _uploaded(self, asked: Asked) -> tuple[str, str]:
        call = asked.call
        if call.kind == "objects.upload":
            session = self._sessions.find(call.query.get("upload_id", ""))
            return session.bucket, session.name
        if call.query.get("uploadType") == "multipart":
            return call.bucket, _named(call, parse_multipart(asked.headers.get("Content-Type", ""), asked.body)[0])
        return call.bucket, _named(call, {})

    # --- buckets

    def _get_bucket(self, asked: Asked) -> web.Response:
        return web.json_response(bucket_resource(self._store.bucket(asked.call.bucket), asked.base))

    def _insert_bucket(self, asked: Asked) -> web.Response:
        name = parse_resource(asked.body).get("name")
        if not isinstance(name, str):
            raise ApiError(400, "required", "Required", "name")
        return web.json_response(bucket_resource(self._store.create_bucket(name), asked.base))

    def _list_buckets(self, asked: Asked) -> web.Response:
        by_name = {bucket.name: bucket for bucket in self._store.buckets()}
        page = page_of(by_name, _query(asked.call.query))
        items = [bucket_resource(by_name[name], asked.base) for name in page.names]
        return web.json_response(_listed("storage#buckets", items, page.next_token))

    # --- objects

    def _list(self, asked: Asked) -> web.Response:
        objects = self._store.bucket(asked.call.bucket).objects
        page = page_of(objects, _query(asked.call.query))
        items = [object_resource(objects[name], asked.base) for name in page.names]
        answer = _listed("storage#objects", items, page.next_token)
        if page.prefixes:
            answer["prefixes"] = page.prefixes
        return web.json_response(answer)

    def _insert(self, asked: Asked) -> web.Response:
        kind = asked.call.query.get("uploadType", "media")
        if kind == "resumable":
            return self._begin_upload(asked)
        if kind == "media":
            resource: dict[str, Any] = {}
            content_type, content = asked.headers.get("Content-Type", ""), asked.body
        elif kind == "multipart":
            resource, part = parse_multipart(asked.headers.get("Content-Type", ""), asked.body)
            content_type, content = part.content_type, part.content
        else:
            raise ApiError.invalid(f"Invalid upload type: {kind!r}", "uploadType")
        check_sums(content, _claimed(resource))
        check_sums(content, claimed_in_header(asked.headers.get("x-goog-hash", "")))
        name, edits = _named(asked.call, resource), _with_type(resource, content_type)
        preconditions = preconditions_of(asked.call.query)
        return _shown(self._store.insert(asked.call.bucket, name, content, edits, preconditions), asked)

    def _begin_upload(self, asked: Asked) -> web.Response:
        resource = parse_resource(asked.body)
        name, edits = (
            _named(asked.call, resource),
            _with_type(resource, asked.headers.get("x-upload-content-type", "")),
        )
        preconditions = preconditions_of(asked.call.query)
        self._store.check_insert(asked.call.bucket, name, preconditions)
        session = Session(asked.call.bucket, name, edits, preconditions, _claimed(resource))
        upload_id = self._sessions.begin(session)
        path = asked.target.partition("?")[0]
        location = f"{asked.base}{path}?uploadType=resumable&upload_id={upload_id}"
        return web.Response(headers={"Location": location, "X-GUploader-UploadID": upload_id})

    def _upload(self, asked: Asked) -> web.Response:
        session = self._sessions.find(asked.call.query.get("upload_id", ""))
        claimed = claimed_in_header(asked.headers.get("x-goog-hash", ""))
        session.take(self._store, asked.headers.get("Content-Range", ""), asked.body, claimed)
        if session.stored is not None:
            return _shown(session.stored, asked)
        headers = {"Range": f"bytes=0-{len(session.received) - 1}"} if session.received else {}
        return web.Response(status=308, reason="Resume Incomplete", headers=headers)

    def _cancel(self, asked: Asked) -> web.Response:
        self._sessions.cancel(asked.call.query.get("upload_id", ""))
        # Google's own status for it: "client closed request".
        return web.Response(status=499, reason="Client Closed Request")

    def _get(self, asked: Asked) -> web.Response:
        return _shown(self._read(asked), asked)

    def _download(self, asked: Asked) -> web.Response:
        return content_response(self._read(asked), asked.headers, {})

    def _read(self, asked: Asked) -> StoredObject:
        call = asked.call
        return self._store.get(
            call.bucket, call.name, whole_number(call.query, "generation"), preconditions_of(call.query)
        )

    def _edit(self, asked: Asked) -> web.Response:
        call = asked.call
        edited = self._store.edit(
            call.bucket,
            call.name,
            read_edits(parse_resource(asked.body)),
            whole_number(call.query, "generation"),
            preconditions_of(call.query),
            replace_all=call.kind == "objects.update",
        )
        return _shown(edited, asked)

    def _delete(self, asked: Asked) -> web.Response:
        call = asked.call
        generation = whole_number(call.query, "generation")
        self._store.delete(call.bucket, call.name, generation, preconditions_of(call.query))
        return web.Response(status=204)

    def _copy(self, asked: Asked) -> web.Response:
        call = asked.call
        resource = parse_resource(asked.body)
        copied = self._store.copy(
            (call.bucket, call.name, whole_number(call.query, "sourceGeneration")),
            source_preconditions_of(call.query),
            call.target,
            preconditions_of(call.query),
            read_edits(resource) if resource else None,
        )
        if call.kind == "objects.copy":
            return _shown(copied, asked)
        size = str(len(copied.content))
        done = {"kind": "storage#rewriteResponse", "totalBytesRewritten": size, "objectSize": size, "done": True}
        return web.json_response({**done, "resource": object_resource(copied, asked.base)})

    # --- signing, and what is served by signature

    def _sign_blob(self, asked: Asked) -> web.Response:
        if "@" not in asked.call.email:
            raise ApiError.invalid(f"Invalid service account: {asked.call.email!r}")
        payload = parse_resource(asked.body).get("payload")
        try:
            message = base64.b64decode(payload if isinstance(payload, str) else "*", validate=True)
        except binascii.Error as error:
            raise ApiError.invalid("payload must be base64", "payload") from error
        signed = base64.b64encode(self._key.sign(message)).decode()
        return web.json_response({"keyId": self._key.key_id, "signedBlob": signed})

    def _xml(self, asked: Asked) -> web.Response:
        check_signed_request(asked.method, asked.target, asked.headers, utc_now(), self._key.verifies)
        call = asked.call
        try:
            objects = self._store.bucket(call.bucket).objects
            generation = whole_number(call.query, "generation")
        except ApiError as error:
            code = "NoSuchBucket" if error.status == 404 else "InvalidArgument"
            raise XmlError(error.status, code, error.message) from error
        stored = objects.get(call.name)
        if stored is None or generation not in (None, stored.generation):
            details = f"No such object: {call.bucket}/{call.name}"
            raise XmlError(404, "NoSuchKey", "The specified key does not exist.", details)
        wished = {
            "Content-Type": call.query.get("response-content-type", ""),
            "Content-Disposition": call.query.get("response-content-disposition", ""),
        }
        overrides = {name: value for name, value in wished.items() if value and value.isprintable()}
        return content_response(stored, asked.headers, overrides)


def _query(query: Mapping[str, str]) -> Query:
    wanted = whole_number(query, "maxResults")
    return Query(
        prefix=query.get("prefix", ""),
        delimiter=query.get("delimiter", ""),
        start=query.get("startOffset", ""),
        end=query.get("endOffset", ""),
        max_results=MAX_RESULTS if wanted is None else wanted,
        page_token=query.get("pageToken", ""),
    )


def _listed(kind: str, items: list[dict[str, Any]], next_token: str | None) -> dict[str, Any]:
    answer: dict[str, Any] = {"kind": kind}
    if items:
        answer["items"] = items
    if next_token is not None:
        answer["nextPageToken"] = next_token
    return answer


def _shown(stored: StoredObject, asked: Asked) -> web.Response:
    return web.json_response(object_resource(stored, asked.base), headers={"ETag": f'"{stored.etag}"'})


def _named(call: Call, resource: Mapping[str, Any]) -> str:
    name = call.query.get("name", resource.get("name", ""))
    if not isinstance(name, str):
        raise ApiError.invalid("name must be a string", "name")
    return name


def _with_type(resource: Mapping[str, Any], content_type: str) -> Edits:
    """What an upload sets: its metadata, with the type that came beside the content where that names none."""
    return read_edits({"contentType": content_type, **resource} if content_type else resource)


def _claimed(resource: Mapping[str, Any]) -> dict[str, str | None]:
    return {"md5": resource.get("md5Hash"), "crc32c": resource.get("crc32c")}
