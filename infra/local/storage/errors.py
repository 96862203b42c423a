"""What the local storage refuses, in the two dialects that Cloud Storage speaks.

    Refused
    ├── ApiError   the JSON API: a status, Google's `reason`, a message
    └── XmlError   XML-style downloads: a status, a `Code`, a message, details

Bodies follow https://cloud.google.com/storage/docs/json_api/v1/status-codes and
https://cloud.google.com/storage/docs/xml-api/reference-status.
"""

import json
from xml.sax.saxutils import escape

__all__ = ["ApiError", "Refused", "XmlError"]


class Refused(Exception):
    """A request that Cloud Storage would refuse. `status` is the HTTP status; `message` is for people."""

    content_type = "text/plain; charset=UTF-8"

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status
        self.message = message

    def body(self) -> bytes:
        """The answer's body in this error's dialect."""
        return self.message.encode()


class ApiError(Refused):
    """A refusal of the JSON API. `reason` is Google's word for it; `location` names the header or parameter at fault."""

    content_type = "application/json; charset=UTF-8"

    def __init__(self, status: int, reason: str, message: str, location: str = "") -> None:
        super().__init__(status, message)
        self.reason = reason
        self.location = location

    def body(self) -> bytes:
        """`{"error": {"code", "message", "errors": [...]}}`; nothing for 304, which may not have a body."""
        if self.status == 304:
            return b""
        detail = {"message": self.message, "domain": "global", "reason": self.reason}
        if self.location:
            kind = "header" if self.location.startswith("If-") else "parameter"
            detail |= {"locationType": kind, "location": self.location}
        return json.dumps({"error": {"code": self.status, "message": self.message, "errors": [detail]}}).encode()

    @classmethod
    def invalid(cls, message: str, location: str = "") -> "ApiError":
        """400."""
        return cls(400, "invalid", message, location)

    @classmethod
    def no_such_bucket(cls) -> "ApiError":
        """404 for a bucket."""
        return cls(404, "notFound", "The specified bucket does not exist.")

    @classmethod
    def no_such_object(cls, bucket: str, name: str) -> "ApiError":
        """404 for an object, or for a generation of it that is not the current one."""
        return cls(404, "notFound", f"No such object: {bucket}/{name}")

    @classmethod
    def precondition_failed(cls) -> "ApiError":
        """412, with the location that Google gives whichever of the parameters was violated."""
        message = "At least one of the pre-conditions you specified did not hold."
        return cls(412, "conditionNotMet", message, "If-Match")

    @classmethod
    def not_modified(cls) -> "ApiError":
        """304: a read whose `if...NotMatch` did match."""
        return cls(304, "notModified", "Not Modified", "If-None-Match")

    @classmethod
    def too_many_writes(cls, bucket: str, name: str) -> "ApiError":
        """429 for more than one write a second to one object."""
        message = (
            f"The object {bucket}/{name} exceeded the rate limit for object mutation operations (create, update, and "
            "delete). Please reduce your request rate."
        )
        return cls(429, "rateLimitExceeded", message)

    @classmethod
    def not_supported(cls, what: str) -> "ApiError":
        """501: Cloud Storage can, this server cannot; said aloud, because ignoring it would make a test lie."""
        return cls(501, "notImplemented", f"the local storage does not support {what}")


class XmlError(Refused):
    """A refusal of an XML-style request. `code` is Google's word for it; `parameter` names a malformed one."""

    content_type = "application/xml; charset=UTF-8"

    def __init__(self, status: int, code: str, message: str, details: str = "", parameter: str = "") -> None:
        super().__init__(status, message)
        self.code = code
        self.details = details
        self.parameter = parameter

    def body(self) -> bytes:
        """`<Error><Code/><Message/>...</Error>`."""
        parts = {
            "Code": self.code,
            "Message": self.message,
            "ParameterName": self.parameter,
            "Details": self.details,
        }
        inner = "".join(f"<{tag}>{escape(text)}</{tag}>" for tag, text in parts.items() if text)
        return f"<?xml version='1.0' encoding='UTF-8'?><Error>{inner}</Error>".encode()
