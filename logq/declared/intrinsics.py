"""The functions of CloudFormation's templates: Ref, GetAtt, Sub, Join, If and their like."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from logq.arns import Place
from logq.declared.document import Document, Path
from logq.declared.resource_types import TYPES

NOTHING: Any = object()
"""What AWS::NoValue stands for: the property is not there."""

_PLACEHOLDER = re.compile(r"\$\{(!?)([^}]*)\}")


class Scope:
    """What the names in a template mean."""

    def __init__(
        self, document: Document, place: Place, stack: str, given: Mapping[str, str]
    ) -> None:
        self._document = document
        self._place = place
        self._stack = stack
        self._given = given
        self._resources: Mapping[str, Any] = document.value["Resources"]
        self._parameters = self._section("Parameters")
        self._conditions = self._section("Conditions")
        self._under_way: set[tuple[str, str]] = set()
        self._functions: Mapping[str, Callable[[Any, Path], Any]] = {
            "Ref": self._ref,
            "Condition": lambda name, path: self._condition(name, path),
            "Fn::GetAtt": self._get_att,
            "Fn::Sub": self._sub,
            "Fn::Join": self._join,
            "Fn::Select": self._select,
            "Fn::Split": self._split,
            "Fn::FindInMap": self._find_in_map,
            "Fn::If": self._if,
            "Fn::Equals": self._equals,
            "Fn::Not": lambda v, path: not self._flag(self._list(v, path, 1)[0], path),
            "Fn::And": lambda v, path: all(self._flag(one, path) for one in self._list(v, path)),
            "Fn::Or": lambda v, path: any(self._flag(one, path) for one in self._list(v, path)),
        }

    def value(self, given: Any, path: Path) -> Any:
        """A value with all functions carried out; raises InvalidDocument."""
        if isinstance(given, list):
            found = [self.value(one, (*path, at)) for at, one in enumerate(given)]
            return [one for one in found if one is not NOTHING]
        if not isinstance(given, dict):
            return given
        if len(given) == 1:
            ((name, argument),) = given.items()
            if name in self._functions:
                return self._functions[name](argument, (*path, name))
            if name.startswith("Fn::"):
                raise self._document.fault((*path, name), f"the function {name} is not supported")
        evaluated = {name: self.value(one, (*path, name)) for name, one in given.items()}
        return {name: one for name, one in evaluated.items() if one is not NOTHING}

    def is_wanted(self, logical: str) -> bool:
        """Whether the condition of a resource holds."""
        name = self._resources[logical].get("Condition")
        path = ("Resources", logical, "Condition")
        return name is None or self._condition(name, path)

    def name(self, logical: str) -> str:
        """What a resource without a name is called."""
        return f"{self._stack}-{logical}"

    def check_parameters(self) -> None:
        """Raise InvalidDocument for a given parameter that the template does not have."""
        for name in self._given:
            if name not in self._parameters:
                raise self._document.fault(
                    ("Parameters",), f"there is no parameter {name!r}", "leave it out"
                )

    def _section(self, name: str) -> Mapping[str, Any]:
        found = self._document.value.get(name, {})
        if not isinstance(found, dict):
            raise self._document.fault((name,), "this must be an object")
        return found

    def _ref(self, name: Any, path: Path) -> Any:
        pseudo: Mapping[str, Any] = {
            "AWS::Region": self._place.region,
            "AWS::AccountId": self._place.account,
            "AWS::Partition": "aws",
            "AWS::StackName": self._stack,
            "AWS::StackId": f"arn:aws:cloudformation:{self._place.region}:"
            f"{self._place.account}:stack/{self._stack}/logq",
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::NotificationARNs": [],
            "AWS::NoValue": NOTHING,
        }
        if name in pseudo:
            return pseudo[name]
        if name in self._parameters:
            return self._parameter(name, path)
        return self._attribute(name, "Ref", path)

    def _parameter(self, name: str, path: Path) -> Any:
        about = self._parameters[name]
        about = about if isinstance(about, dict) else {}
        value = self._given.get(name, about.get("Default"))
        where: Path = ("Parameters", name)
        if value is None:
            raise self._document.fault(where, f"the parameter {name} has no value", "--parameter")
        allowed = about.get("AllowedValues")
        if isinstance(allowed, list) and str(value) not in map(str, allowed):
            raise self._document.fault(where, f"{value!r} is not one of the allowed values")
        kind = str(about.get("Type", "String"))
        if kind == "CommaDelimitedList" or kind.startswith("List<"):
            return [part.strip() for part in str(value).split(",")]
        if kind == "Number":
            text = str(value)
            try:
                return int(text) if re.fullmatch(r"[-+]?\d+", text) else float(text)
            except ValueError:
                raise self._document.fault(where, f"{value!r} is no number") from None
        return value if isinstance(value, str) else str(value)

    def _get_att(self, given: Any, path: Path) -> Any:
        parts = given.split(".", 1) if isinstance(given, str) else given
        if not isinstance(parts, list) or len(parts) != 2:
            raise self._document.fault(path, "GetAtt takes a resource and an attribute")
        return self._attribute(parts[0], str(parts[1]), path)

    def _attribute(self, logical: Any, attribute: str, path: Path) -> Any:
        if not isinstance(logical, str) or logical not in self._resources:
            raise self._document.fault(path, f"there is no {logical!r} in the template")
        mark = (logical, attribute)
        if mark in self._under_way:
            raise self._document.fault(path, f"{logical} refers to itself")
        resource = self._resources[logical]
        type = resource.get("Type") if isinstance(resource, dict) else None
        shaped = TYPES.get(str(type))
        if shaped is None:  # of what is left out nothing more is known
            return f"arn:aws:none:::{logical}" if attribute == "Arn" else logical
        self._under_way.add(mark)
        try:
            named = resource.get("Properties", {}).get(shaped.named)
            inside: Path = ("Resources", logical, "Properties", shaped.named)
            name = self.value(named, inside) if named is not None else self.name(logical)
        finally:
            self._under_way.discard(mark)
        made = shaped.attribute(attribute, str(name), self._place)
        if made is None:
            raise self._document.fault(path, f"{type} has no attribute {attribute!r}")
        return made

    def _sub(self, given: Any, path: Path) -> str:
        values: Mapping[str, Any] = {}
        if isinstance(given, list):
            text, own = self._list(given, path, 2)
            values = {name: self.value(one, (*path, name)) for name, one in own.items()}
        else:
            text = given
        if not isinstance(text, str):
            raise self._document.fault(path, "Sub takes a text")

        def one(match: re.Match[str]) -> str:
            literal, name = match.groups()
            name = name.strip()
            if literal:
                return f"${{{name}}}"
            if name in values:
                return str(values[name])
            if "." in name:
                return str(self._get_att(name, path))
            return str(self._ref(name, path))

        return _PLACEHOLDER.sub(one, text)

    def _join(self, given: Any, path: Path) -> str:
        between, parts = self._list(given, path, 2)
        parts = self.value(parts, path)
        if not isinstance(parts, list):
            raise self._document.fault(path, "Join takes a text and a list")
        return str(between).join(map(str, parts))

    def _select(self, given: Any, path: Path) -> Any:
        index, parts = (self.value(one, path) for one in self._list(given, path, 2))
        if not isinstance(parts, list) or not str(index).isdigit() or int(index) >= len(parts):
            raise self._document.fault(path, "Select takes a place and a list that is long enough")
        return parts[int(index)]

    def _split(self, given: Any, path: Path) -> list[str]:
        between, text = self._list(given, path, 2)
        return str(self.value(text, path)).split(str(between) or ",")

    def _find_in_map(self, given: Any, path: Path) -> Any:
        names = [str(self.value(one, path)) for one in self._list(given, path, 3)]
        found: Any = self._section("Mappings")
        for name in names:
            if not isinstance(found, dict) or name not in found:
                raise self._document.fault(path, f"there is no {name!r} in the mapping")
            found = found[name]
        return found

    def _if(self, given: Any, path: Path) -> Any:
        name, then, other = self._list(given, path, 3)
        return self.value(then if self._condition(name, path) else other, path)

    def _equals(self, given: Any, path: Path) -> bool:
        one, other = (self.value(each, path) for each in self._list(given, path, 2))
        return str(one) == str(other)

    def _condition(self, name: Any, path: Path) -> bool:
        if name not in self._conditions:
            raise self._document.fault(path, f"there is no condition {name!r}")
        mark = ("Conditions", str(name))
        if mark in self._under_way:
            raise self._document.fault(path, f"the condition {name} refers to itself")
        self._under_way.add(mark)
        try:
            return self._flag(self._conditions[name], mark)
        finally:
            self._under_way.discard(mark)

    def _flag(self, given: Any, path: Path) -> bool:
        value = self.value(given, path)
        if not isinstance(value, bool):
            raise self._document.fault(path, "a condition is true or false")
        return value

    def _list(self, given: Any, path: Path, length: int | None = None) -> list[Any]:
        if not isinstance(given, list) or (length is not None and len(given) != length):
            many = f"{length} values" if length is not None else "values"
            raise self._document.fault(path, f"this function takes a list of {many}")
        return given
