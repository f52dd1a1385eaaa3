"""The running service against its own OpenAPI document."""

from __future__ import annotations

import re
from typing import Any

import httpx
import jsonschema
import pytest
import schemathesis
from clients.running import Running
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks as openapi_checks


@pytest.fixture(scope="module")
def document(service: Running) -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(f"{service.url}/openapi.json", headers=service.headers).raise_for_status().json()
    return found


@pytest.mark.slow
def test_what_is_answered_is_what_the_document_says(service: Running, document: dict[str, Any]) -> None:
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=service.url)
    tried = set()
    for result in schema.get_all_operations():
        operation = result.ok()
        answered(service, operation)
        tried.add(operation.label)
    assert {"POST /api/ask", "POST /v1/chat/completions", "DELETE /api/articles/{id}"} <= tried


CHECKS = [
    not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_schema_conformance,
    openapi_checks.response_headers_conformance,
]


def answered(service: Running, operation: Any) -> None:
    @settings(
        max_examples=15,
        deadline=None,
        derandomize=True,
        database=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def try_it(case: Any) -> None:
        case.call_and_validate(headers=service.headers, checks=CHECKS)

    try_it()


def test_every_example_fits_its_schema(document: dict[str, Any]) -> None:
    seen = 0

    def fits(example: Any, schema: Any) -> None:
        nonlocal seen
        seen += 1
        jsonschema.validate(example, {**schema, "components": document["components"]})

    for methods in document["paths"].values():
        for call in methods.values():
            bodies = [call["requestBody"]] if "requestBody" in call else []
            for told in (*bodies, *call["responses"].values()):
                for kind, content in told.get("content", {}).items():
                    if kind == "application/json" and "example" in content:
                        fits(content["example"], content["schema"])
    for schema in document["components"]["schemas"].values():
        for example in schema.get("examples", ()):
            fits(example, schema)
    assert seen >= 15


def test_every_call_tells_of_every_answer(document: dict[str, Any]) -> None:
    for path, methods in document["paths"].items():
        for method, call in methods.items():
            responses = call["responses"]
            assert set(responses) >= {"200"}, (path, method)
            assert "example" in responses["200"]["content"]["application/json"] or path.startswith("/v1/models")
            if path == "/healthz":
                continue
            assert set(responses) >= {"401", "403", "421", "429", "500", "503"}, (path, method)
            for status, response in responses.items():
                if re.match("[45]", status):
                    name = response["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
                    assert name in ("ErrorResponse", "OpenAIErrorResponse", "Readiness"), (path, status)
    assert not {"HTTPValidationError", "ValidationError"} & set(document["components"]["schemas"])
