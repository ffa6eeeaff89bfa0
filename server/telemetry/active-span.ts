/** The ids of the active span, for log lines that a handler writes. */
import type { OtelApi } from '../../wire/telemetry/open-telemetry-api.ts'

let api: OtelApi | null = null

/** Lets {@link activeSpanFields} look for spans; null ends that. */
export function readSpansFrom(given: OtelApi | null): void {
  api = given
}

/** Returns `traceId` and `spanId` of the active span: an object of its own, which a logger may change. Empty without a span. */
export function activeSpanFields(): object {
  const span = api?.trace.getSpan(api.context.active())
  if (span === undefined) return {}
  const { traceId, spanId } = span.spanContext()
  return { traceId, spanId }
}
