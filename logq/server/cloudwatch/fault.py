"""An error as a CloudWatch client sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from botocore.model import OperationModel, ServiceModel


class WireError(Exception):
    """An error in the words of AWS.

    ``code`` is the name of one of the service's error shapes, or of the errors that a service
    gives before an operation runs (``FRAMEWORK``); ``members`` stand beside the message.
    """

    def __init__(self, code: str, message: str, **members: Any) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.members = members


@dataclass(frozen=True, slots=True)
class Form:
    """How a protocol shows an error."""

    shape: str
    """Its name in ``__type``."""
    code: str
    """Its code in XML and in the header x-amzn-query-error."""
    status: int
    sender: bool
    """Whether the client is to blame."""


@dataclass(frozen=True, slots=True)
class Framework:
    """An error that no service model describes."""

    query: str
    """Its code in the query protocol."""
    query_status: int
    status: int = 400


FRAMEWORK = {
    "UnknownOperationException": Framework("InvalidAction", 400),
    "SerializationException": Framework("MalformedInput", 400),
    "MissingAuthenticationTokenException": Framework("MissingAuthenticationToken", 403),
    "UnrecognizedClientException": Framework("InvalidClientTokenId", 403),
    "InvalidSignatureException": Framework("SignatureDoesNotMatch", 403),
    "IncompleteSignatureException": Framework("IncompleteSignature", 400),
    "ExpiredTokenException": Framework("ExpiredToken", 403),
    "RequestExpired": Framework("RequestExpired", 400),
    "AccessDeniedException": Framework("AccessDenied", 403),
    "ThrottlingException": Framework("Throttling", 400),
    "ValidationException": Framework("ValidationError", 400),
    "RequestEntityTooLargeException": Framework("RequestEntityTooLarge", 413, 413),
    "MisdirectedRequestException": Framework("MisdirectedRequest", 421, 421),
    "ServiceUnavailableException": Framework("ServiceUnavailable", 503, 503),
    "InternalFailure": Framework("InternalFailure", 500, 500),
}


def form(
    error: WireError,
    service: ServiceModel | None,
    operation: OperationModel | None,
    *,
    query: bool = False,
) -> Form:
    """How an error of an operation, or of a service before it, is shown.

    ``query`` is for the query protocol, which has statuses of its own.
    """
    known = [*(operation.error_shapes if operation else ()), *_shapes(service)]
    shape = next((shape for shape in known if shape.name == error.code), None)
    framework = FRAMEWORK.get(error.code)
    if shape is None:
        plain = framework or Framework(error.code, 400)
        status = plain.query_status if query else plain.status
        return Form(error.code, plain.query, status, status < 500)
    details = shape.metadata.get("error", {})
    blame = shape.metadata.get("fault", False)
    status = details.get("httpStatusCode", 500 if blame else 400)
    if error.code == "ServiceUnavailableException":
        status = 503
    code = details.get("code", framework.query if framework else error.code)
    return Form(error.code, code, status, status < 500)


def _shapes(service: ServiceModel | None) -> list[Any]:
    return list(service.error_shapes) if service else []
