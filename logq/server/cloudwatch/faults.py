"""What an error of LogQ is called by each service of AWS."""

from __future__ import annotations

from logq.access.reason import Reason
from logq.errors import (
    AccessDenied,
    AlreadyExists,
    Conflict,
    EngineFault,
    InvalidEventPattern,
    InvalidPattern,
    InvalidValue,
    LimitExceeded,
    LogQError,
    NotFound,
    Protected,
    QueryError,
    StorageError,
    Throttled,
    TooManyTags,
    Unauthenticated,
    UnknownLogGroup,
    UnknownLogStream,
)
from logq.server.cloudwatch.fault import WireError
from logq.server.problems import TooLarge, Unpackable, WrongHost

_LOGS: dict[type[LogQError], str] = {
    QueryError: "MalformedQueryException",
    InvalidPattern: "InvalidParameterException",
    NotFound: "ResourceNotFoundException",
    AlreadyExists: "ResourceAlreadyExistsException",
    InvalidValue: "InvalidParameterException",
    Throttled: "ThrottlingException",
    TooManyTags: "TooManyTagsException",
    LimitExceeded: "LimitExceededException",
    Conflict: "OperationAbortedException",
    AccessDenied: "AccessDeniedException",
    Protected: "ValidationException",
    StorageError: "ServiceUnavailableException",
    EngineFault: "InternalFailure",
    TooLarge: "RequestEntityTooLargeException",
    Unpackable: "SerializationException",
    WrongHost: "MisdirectedRequestException",
}
_CLOUDWATCH: dict[type[LogQError], str] = {
    NotFound: "ResourceNotFound",
    AlreadyExists: "ResourceConflict",
    InvalidValue: "InvalidParameterValueException",
    LimitExceeded: "LimitExceededFault",
    Conflict: "ConcurrentModificationException",
    Protected: "ResourceConflict",
    StorageError: "InternalServiceFault",
}
_EVENTS: dict[type[LogQError], str] = {
    InvalidEventPattern: "InvalidEventPatternException",
    InvalidValue: "ValidationException",
    Conflict: "ConcurrentModificationException",
}
_SNS: dict[type[LogQError], str] = {
    NotFound: "NotFoundException",
    InvalidValue: "InvalidParameterException",
    Throttled: "ThrottledException",
    Conflict: "ConcurrentAccessException",
    AccessDenied: "AuthorizationErrorException",
    StorageError: "InternalErrorException",
}
_OWN = {"cloudwatch": _CLOUDWATCH, "events": _EVENTS, "sns": _SNS}
"""What a service calls otherwise than logs does."""

_REASONS: dict[str, tuple[str, str | None]] = {
    Reason.MISSING: ("MissingAuthenticationTokenException", "Missing Authentication Token"),
    Reason.INCOMPLETE: ("IncompleteSignatureException", None),
    Reason.PRESIGNED: ("IncompleteSignatureException", None),
    Reason.UNKNOWN_KEY: (
        "UnrecognizedClientException",
        "The security token included in the request is invalid.",
    ),
    Reason.EXPIRED_KEY: (
        "ExpiredTokenException",
        "The security token included in the request is expired",
    ),
    Reason.REQUEST_EXPIRED: ("InvalidSignatureException", "Signature expired: "),
    Reason.SIGNATURE: (
        "InvalidSignatureException",
        "The request signature we calculated does not match the signature you provided. "
        "Check your AWS Secret Access Key and signing method. "
        "Consult the service documentation for details.",
    ),
}
"""What ``Unauthenticated.reason`` is called by all services, and their text where AWS has one."""
_MISMATCH = ("InvalidSignatureException", None)


def translate(error: LogQError, service: str, noun: str) -> WireError:
    """The error of a service for an error of LogQ; ``noun`` is what the operation is about."""
    if isinstance(error, Unauthenticated):
        return _unauthenticated(error)
    names = _LOGS | _OWN.get(service, {})
    code = next((names[kind] for kind in type(error).__mro__ if kind in names), "InternalFailure")
    if service == "logs" and isinstance(error, NotFound):
        own = {UnknownLogGroup: "log group", UnknownLogStream: "log stream"}
        noun = own.get(type(error), noun)
        return WireError(code, f"The specified {noun} does not exist.")
    if service == "logs" and isinstance(error, AlreadyExists):
        return WireError(code, f"The specified {noun} already exists")
    if isinstance(error, InvalidPattern):
        return WireError(code, f"Invalid filter pattern: {said(error)}")
    if isinstance(error, QueryError):
        return WireError(code, said(error), queryCompileError=compile_error(error))
    return WireError(code, said(error))


def _unauthenticated(error: Unauthenticated) -> WireError:
    code, text = _REASONS.get(error.reason, _MISMATCH)
    if text is not None and text.endswith(": "):
        return WireError(code, text + error.message)
    return WireError(code, text or said(error))


def compile_error(error: QueryError) -> dict[str, object]:
    """Where in the query the fault is; the shape QueryCompileError."""
    place = {
        "startCharOffset": error.span.start if error.span else 0,
        "endCharOffset": error.span.end if error.span else 0,
    }
    return {"location": place, "message": said(error)}


def said(error: LogQError) -> str:
    """The message as a sentence, and the hint."""
    text = error.message[:1].upper() + error.message[1:]
    return f"{text}. Hint: {error.hint}." if error.hint else f"{text}."
