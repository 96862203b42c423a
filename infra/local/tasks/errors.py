"""How a call is refused."""

import grpc


class CallError(Exception):
    """A gRPC call that ends with `code` and a message for people."""

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        super().__init__(message)
        self.code = code


def invalid(message: str) -> CallError:
    """INVALID_ARGUMENT: the call can never succeed as it is."""
    return CallError(grpc.StatusCode.INVALID_ARGUMENT, message)


def missing(message: str) -> CallError:
    """NOT_FOUND: what the call names does not exist, or not any more."""
    return CallError(grpc.StatusCode.NOT_FOUND, message)
