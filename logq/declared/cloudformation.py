"""Templates of AWS CloudFormation: their resources as LogQ's own nouns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from logq.arns import Place
from logq.declared.document import Document, Path
from logq.declared.intrinsics import Scope
from logq.declared.kind import kinds
from logq.declared.resource import Wanted, wanted
from logq.declared.resource_types import TYPES, Shaped

_SECTIONS = frozenset(
    {"AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Rules", "Mappings"}
    | {"Conditions", "Transform", "Resources", "Outputs", "Hooks"}
)


@dataclass(frozen=True, slots=True)
class Template:
    """What a template wants, and what of it is left out."""

    wanted: Sequence[Wanted]
    warnings: Sequence[str]


def is_template(document: Document) -> bool:
    """Whether a file is a template and not of LogQ's own nouns."""
    return "Resources" in document.value or "AWSTemplateFormatVersion" in document.value


def template(
    document: Document, place: Place, stack: str, parameters: Mapping[str, str]
) -> Template:
    """The things that a template wants; raises InvalidDocument."""
    for section in document.value:
        if section not in _SECTIONS:
            raise document.fault((section,), f"a template has no section {section!r}")
    if "Transform" in document.value:
        raise document.fault(("Transform",), "transforms are not supported")
    resources = document.value.get("Resources")
    if not isinstance(resources, dict):
        raise document.fault(("Resources",), "this must be an object of resources")
    scope = Scope(document, place, stack, parameters)
    found: list[Wanted] = []
    warnings: list[str] = []
    for logical, resource in resources.items():
        path: Path = ("Resources", logical)
        if not isinstance(resource, dict) or not isinstance(resource.get("Type"), str):
            raise document.fault(path, "a resource is an object with a Type")
        _check_order(document, path, resource, resources)
        if not scope.is_wanted(logical):
            continue
        shaped = TYPES.get(resource["Type"])
        if shaped is None:
            warnings.append(f"{document.at(path)}: {resource['Type']} is left out")
            continue
        for one, ignored in _wanted(document, scope, path, logical, resource, shaped):
            found.append(one)
            warnings += [f"{document.at(path)}: {name} is left out" for name in ignored]
    scope.check_parameters()
    return Template(found, warnings)


def _wanted(
    document: Document,
    scope: Scope,
    path: Path,
    logical: str,
    resource: Mapping[str, Any],
    shaped: Shaped,
) -> Iterator[tuple[Wanted, Sequence[str]]]:
    properties = scope.value(resource.get("Properties", {}), (*path, "Properties"))
    if not isinstance(properties, dict):
        raise document.fault((*path, "Properties"), "this must be an object")
    rest = dict(properties)
    try:
        bodies = shaped.bodies(scope.name(logical), rest)
        made = [
            wanted(kinds()[section], document, (*path, "Properties"), body)
            for section, body in bodies
        ]
    except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
        what = error.args[0] if isinstance(error, KeyError) and error.args else "a property"
        raise document.fault(
            (*path, "Properties"), f"{resource['Type']}: {what} is missing or of another type"
        ) from None
    for number, one in enumerate(made):
        yield one, () if number else sorted(rest)


def _check_order(
    document: Document, path: Path, resource: Mapping[str, Any], known: Mapping[str, Any]
) -> None:
    """Things are made in the order of their kinds; what is named must be there all the same."""
    given = resource.get("DependsOn", [])
    for name in given if isinstance(given, list) else [given]:
        if name not in known:
            raise document.fault((*path, "DependsOn"), f"there is no resource {name!r}")
