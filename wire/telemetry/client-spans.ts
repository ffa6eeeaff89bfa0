/** Spans of calls, named as OpenTelemetry's conventions for RPC say, and of their attempts (gRFC A72). */
import type { ConnectError } from '@connectrpc/connect'
import type {
  AttemptObservation,
  AttemptStart,
  CallEnd,
  CallObservation,
  CallObserver,
  CallStart,
  HeaderReader,
} from '../call-observer.ts'
import type { EncodableField } from '../http2/http2.ts'
import {
  type OtelApi,
  type OtelContext,
  type OtelPropagator,
  type OtelSpan,
  type OtelTracer,
  SPAN_KIND_CLIENT,
  SPAN_KIND_INTERNAL,
} from './open-telemetry-api.ts'
import { ATTR_RPC_METHOD, ATTR_RPC_SYSTEM_NAME, grpcMethod, rpcSystem } from './rpc-names.ts'
import { endSpan, messageAttributes, peerAttributes, serverAttributes } from './span-attributes.ts'
import { contextFields, HEADER_GETTER } from './trace-context.ts'

/** Options of the spans. */
export interface ClientSpanParts {
  readonly api: OtelApi
  readonly tracer: OtelTracer
  readonly propagator: OtelPropagator
}

/** A shorter pick does not count as delayed. */
const DELAY_MS = 1

/**
 * Creates a span `package.Service/Method` per call, and within it `Attempt.package.Service.Method` per attempt, which is the parent of
 * the server's span. OpenTelemetry has no name for attempts, so theirs is gRPC's.
 */
export function observeByClientSpans(parts: ClientSpanParts): CallObserver {
  return { onStart: (call) => (call.side === 'client' ? new SpannedCall(parts, call) : null) }
}

class SpannedCall implements CallObservation {
  readonly #parts: ClientSpanParts
  readonly #method: string
  readonly #protocol: string
  readonly #context: OtelContext
  readonly #span: OtelSpan

  constructor(parts: ClientSpanParts, { protocol, header, method, path, target }: CallStart) {
    const parent = parentOf(parts, header)
    this.#parts = parts
    this.#method = grpcMethod(method) ?? path.slice(1)
    this.#protocol = protocol
    const attributes = {
      [ATTR_RPC_SYSTEM_NAME]: rpcSystem(protocol),
      [ATTR_RPC_METHOD]: this.#method,
      ...serverAttributes(target),
    }
    this.#span = parts.tracer.startSpan(this.#method, { kind: SPAN_KIND_CLIENT, attributes }, parent)
    this.#context = parts.api.trace.setSpan(parent, this.#span)
  }

  onResolved(): void {
    this.#span.addEvent('Delayed name resolution complete')
  }

  onAttempt({ previousAttempts, isTransparentRetry }: AttemptStart): AttemptObservation {
    const { api, tracer, propagator } = this.#parts
    const attributes = { 'previous-rpc-attempts': previousAttempts, 'transparent-retry': isTransparentRetry }
    const name = `Attempt.${this.#method.replace('/', '.')}`
    const span = tracer.startSpan(name, { kind: SPAN_KIND_INTERNAL, attributes }, this.#context)
    const fields = contextFields(propagator, api.trace.setSpan(this.#context, span))
    return new SpannedAttempt(span, fields, this.#protocol)
  }

  onEnd({ code, error }: CallEnd): void {
    endSpan(this.#span, { side: 'client', protocol: this.#protocol, code: error?.code ?? code, error })
  }
}

class SpannedAttempt implements AttemptObservation {
  readonly fields: readonly EncodableField[]
  readonly #span: OtelSpan
  readonly #isRecording: boolean
  readonly #protocol: string
  #sent = 0
  #received = 0

  constructor(span: OtelSpan, fields: readonly EncodableField[], protocol: string) {
    this.#span = span
    this.#protocol = protocol
    this.#isRecording = span.isRecording()
    this.fields = fields
  }

  onPicked(peer: string, delayMs: number): void {
    if (delayMs >= DELAY_MS) this.#span.addEvent('Delayed LB pick complete')
    this.#span.setAttributes(peerAttributes(peer))
  }

  onSent(compressedBytes: number, bytes: number): void {
    if (!this.#isRecording) return
    this.#span.addEvent('Outbound message', messageAttributes(this.#sent++, compressedBytes, bytes))
  }

  onReceived(compressedBytes: number, bytes: number): void {
    if (!this.#isRecording) return
    this.#span.addEvent('Inbound message', messageAttributes(this.#received++, compressedBytes, bytes))
  }

  onEnd(error: ConnectError | null): void {
    endSpan(this.#span, { side: 'client', protocol: this.#protocol, code: error?.code, error })
  }
}

/** Returns the active span, or else the trace in the metadata, which is that of the calling handler. */
function parentOf({ api, propagator }: ClientSpanParts, header: HeaderReader): OtelContext {
  const active = api.context.active()
  if (api.trace.getSpan(active) !== undefined) return active
  return propagator.extract(active, header, HEADER_GETTER)
}
