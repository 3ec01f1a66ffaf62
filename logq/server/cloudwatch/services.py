"""The services of AWS that are spoken here, as botocore's models describe them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel

SERVICES = ("logs", "cloudwatch", "events", "sns", "sts")
"""By botocore's names."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a request asks for, known or not."""

    service: ServiceModel | None
    name: str
    """Of the operation."""

    @property
    def operation(self) -> OperationModel | None:
        """The operation, if the service has it."""
        return operation_model(self.service, self.name) if self.service else None


@cache
def service(name: str) -> ServiceModel:
    """The model of a service."""
    return ServiceModel(Loader().load_service_model(name, "service-2"), name)


@cache
def by_prefix() -> dict[str, ServiceModel]:
    """Services by what stands before the operation in X-Amz-Target and in CBOR paths."""
    models = [service(name) for name in SERVICES]
    return {str(m.metadata["targetPrefix"]): m for m in models if "targetPrefix" in m.metadata}


@cache
def by_version() -> dict[str, ServiceModel]:
    """Services of the query protocol by their API version, which tells them apart."""
    models = [service(name) for name in SERVICES]
    return {m.api_version: m for m in models if "query" in m.metadata["protocols"]}


@cache
def operation_model(service: ServiceModel, name: str) -> OperationModel | None:
    """An operation of a service, or None."""
    return service.operation_model(name) if name in service.operation_names else None


def signing_name(service: ServiceModel) -> str:
    """The service as it stands in the scope of a signature."""
    return str(service.metadata.get("signingName", service.metadata["endpointPrefix"]))
