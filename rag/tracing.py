"""Traces of questions by OpenTelemetry: a span a question, and one below it for each of its stages.

Where spans go is said by OpenTelemetry's own variables (``OTEL_EXPORTER_OTLP_ENDPOINT`` and so on); a program that has
set a provider of its own keeps it. Spans hold numbers and names of stages, and words only where a setting says so.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rag.extras import require
from rag.observing import Observation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rag.settings import Settings

_MOST_WORDS = 1000  # letters of a question or an answer in a span


class Traces:
    """Watches questions, and makes spans of them."""

    def __init__(self, provider: Any, *, words: bool = False, own: bool = False) -> None:
        """Take where spans are made.

        Args:
            provider: OpenTelemetry's tracer provider.
            words: Whether spans hold the words of questions and answers.
            own: Whether the provider ends with these traces.
        """
        from rag import __version__

        self._provider, self._words, self._own = provider, words, own
        self._tracer = provider.get_tracer("onrecord", __version__)

    @classmethod
    def of(cls, settings: Settings) -> Traces:
        """Traces to the collector that OpenTelemetry's variables name, or by the provider of the program around.

        Raises:
            ExtraMissing: OpenTelemetry's SDK is not installed.
        """
        require("opentelemetry.sdk.trace", extra="otel", what="Tracing", package="opentelemetry-sdk")
        from opentelemetry import trace
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        if isinstance(trace.get_tracer_provider(), TracerProvider):
            return cls(trace.get_tracer_provider(), words=settings.traces_words)
        module = "opentelemetry.exporter.otlp.proto.http.trace_exporter"
        exporters = require(module, extra="otel", what="Tracing", package="opentelemetry-exporter-otlp-proto-http")
        # OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES go before the name.
        provider = TracerProvider(resource=Resource({"service.name": "onrecord"}).merge(Resource.create()))
        provider.add_span_processor(BatchSpanProcessor(exporters.OTLPSpanExporter()))
        return cls(provider, words=settings.traces_words, own=True)

    def close(self) -> None:
        """Send what is left."""
        if self._own:
            self._provider.shutdown()

    def began(self) -> object:
        """As ``Observer.began``: the span around it, such as a program's or an HTTP client's."""
        from opentelemetry import context

        return context.get_current()

    def ended(self, told: Observation, began: object) -> None:
        """As ``Observer.ended``."""
        from opentelemetry import trace
        from opentelemetry.trace import Status, StatusCode

        around: Any = began
        span = self._tracer.start_span("question", context=around, start_time=told.start, attributes=self._facts(told))
        below = trace.set_span_in_context(span, around)
        for name, stage in sorted(told.stages.items(), key=lambda item: item[1].start):
            facts = {"onrecord.seconds": round(stage.seconds, 6), "onrecord.times": stage.times}
            self._tracer.start_span(name, context=below, start_time=stage.start, attributes=facts).end(stage.end)
        if told.outcome == "failed":
            span.set_status(Status(StatusCode.ERROR, type(told.error).__name__))
        span.end(told.end)

    def _facts(self, told: Observation) -> dict[str, Any]:
        found: dict[str, Any] = {"onrecord.outcome": told.outcome}
        if (answer := told.answer) is not None:
            found |= {
                "onrecord.model": answer.model,
                "onrecord.passages": len(answer.hits),
                "onrecord.quotes": len(answer.citations),
                "onrecord.tokens.read": answer.usage.input_tokens,
                "onrecord.tokens.written": answer.usage.output_tokens,
            }
            if answer.reason is not None:
                found["onrecord.reason"] = answer.reason
        if self._words:
            found["onrecord.question"] = told.question[:_MOST_WORDS]
            if answer is not None:
                found["onrecord.answer"] = answer.text[:_MOST_WORDS]
        return found


@contextmanager
def within(headers: Mapping[str, str]) -> Iterator[None]:
    """A block that belongs to the trace of a request whose client sent ``traceparent``."""
    from opentelemetry import context
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    token = context.attach(TraceContextTextMapPropagator().extract(headers))
    try:
        yield
    finally:
        context.detach(token)


__all__ = ["Traces", "within"]
