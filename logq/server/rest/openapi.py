"""What the OpenAPI document says besides the routes: problems, and how one says who one is."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from logq.server.rest.problem import Problem

_SCHEMES: dict[str, Any] = {
    "token": {"type": "http", "scheme": "bearer", "description": "a token of `logq keys create`"},
}
_OPEN = frozenset({"/healthz", "/readyz"})


def complete(app: FastAPI) -> None:
    """Have an application's document name what its routes refer to."""
    made = app.openapi

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            found = made()
            parts = found.setdefault("components", {})
            template = "#/components/schemas/{model}"
            parts.setdefault("schemas", {})["Problem"] = Problem.model_json_schema(
                ref_template=template
            )
            parts["securitySchemes"] = _SCHEMES
            # Nothing is needed while a server is open to its own machine only.
            found["security"] = [{"token": []}, {}]
            for path in _OPEN & found["paths"].keys():
                for operation in found["paths"][path].values():
                    operation["security"] = []
            for name in ("HTTPValidationError", "ValidationError"):
                parts["schemas"].pop(name, None)
            app.openapi_schema = found
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]  # as FastAPI's manual has it
