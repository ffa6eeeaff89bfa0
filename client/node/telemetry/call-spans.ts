/** Spans of calls and their attempts (gRFC A72), with the attributes of the semantic conventions for RPC. */
import type { ConnectError } from '@connectrpc/connect'
import { codeToString } from '@connectrpc/connect/protocol-connect'
import type {
  AttemptObservation,
  AttemptStart,
  CallEnd,
  CallObservation,
  CallObserver,
  CallStart,
  HeaderReader,
} from '../../../wire/call-observer.ts'
import type { EncodableField } from '../../../wire/http2/http2.ts'
import { methodName, statusName } from './names.ts'
import {
  type OtelApi,
  type OtelAttributes,
  type OtelContext,
  type OtelGetter,
  type OtelPropagator,
  type OtelSpan,
  type OtelTracer,
  SPAN_KIND_CLIENT,
  SPAN_KIND_INTERNAL,
  SPAN_STATUS_ERROR,
} from './open-telemetry-api.ts'

/** Options of the spans. */
export interface SpanParts {
  readonly api: OtelApi
  readonly tracer: OtelTracer
  readonly propagator: OtelPropagator
}

/** A shorter pick does not count as delayed. */
const DELAY_MS = 1

/** `host` or `host:port`, IPv6 in brackets, after a scheme with a single address. */
const SINGLE_PLACE = /^(?:(?:dns|ipv4|ipv6|passthrough):(?:\/\/[^/]*\/)?)?(?:\[([^\]]+)\]|([^:/,[\]]+))(?::(\d+))?$/

/** `1.2.3.4:80`, `[::1]:80`; anything else is the path of a socket. */
const PEER = /^\[?(.*?)\]?:(\d+)$/

/**
 * Creates a span `Sent.package.Service.Method` per call, and within it `Attempt.package.Service.Method` per attempt, which is the parent of
 * the server's span.
 */
export function observeBySpans(parts: SpanParts): CallObserver {
  return { onStart: (call) => (call.side === 'client' ? new SpannedCall(parts, call) : null) }
}

class SpannedCall implements CallObservation {
  readonly #parts: SpanParts
  readonly #name: string
  readonly #isConnect: boolean
  readonly #context: OtelContext
  readonly #span: OtelSpan

  constructor(parts: SpanParts, call: CallStart) {
    const { protocol, header } = call
    const parent = parentOf(parts, header)
    this.#parts = parts
    this.#name = rpcMethod(call).replace('/', '.')
    this.#isConnect = protocol === 'connect'
    const attributes = callAttributes(call)
    this.#span = parts.tracer.startSpan(`Sent.${this.#name}`, { kind: SPAN_KIND_CLIENT, attributes }, parent)
    this.#context = parts.api.trace.setSpan(parent, this.#span)
  }

  onResolved(): void {
    this.#span.addEvent('Delayed name resolution complete')
  }

  onAttempt({ previousAttempts, isTransparentRetry }: AttemptStart): AttemptObservation {
    const { api, tracer, propagator } = this.#parts
    const attributes = { 'previous-rpc-attempts': previousAttempts, 'transparent-retry': isTransparentRetry }
    const span = tracer.startSpan(`Attempt.${this.#name}`, { kind: SPAN_KIND_INTERNAL, attributes }, this.#context)
    const fields = fieldsOf(propagator, api.trace.setSpan(this.#context, span))
    return new SpannedAttempt(span, fields, this.#isConnect)
  }

  onEnd({ error }: CallEnd): void {
    endSpan(this.#span, error, this.#isConnect)
  }
}

class SpannedAttempt implements AttemptObservation {
  readonly fields: readonly EncodableField[]
  readonly #span: OtelSpan
  readonly #isRecording: boolean
  readonly #isConnect: boolean
  #sent = 0
  #received = 0

  constructor(span: OtelSpan, fields: readonly EncodableField[], isConnect: boolean) {
    this.#span = span
    this.#isConnect = isConnect
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
    endSpan(this.#span, error, this.#isConnect)
  }
}

function rpcMethod({ method, path }: CallStart): string {
  return methodName(method) ?? path.slice(1)
}

/** Returns the active span, or else the trace in the metadata, which is that of the calling handler. */
function parentOf({ api, propagator }: SpanParts, header: HeaderReader): OtelContext {
  const active = api.context.active()
  if (api.trace.getSpan(active) !== undefined) return active
  return propagator.extract(active, header, HEADERS)
}

const HEADERS: OtelGetter<HeaderReader> = {
  keys: (headers) => [...headers.keys()],
  get: (headers, key) => headers.get(key) ?? undefined,
}

const FIELDS = {
  set: (fields: EncodableField[], name: string, value: string) => void fields.push({ name: name.toLowerCase(), value }),
}

function fieldsOf(propagator: OtelPropagator, context: OtelContext): readonly EncodableField[] {
  const fields: EncodableField[] = []
  propagator.inject(context, fields, FIELDS)
  return fields
}

function callAttributes(call: CallStart): OtelAttributes {
  const { protocol, target } = call
  const [, bracketed, name, port] = SINGLE_PLACE.exec(target) ?? []
  return {
    'rpc.system.name': protocol === 'connect' ? 'connectrpc' : 'grpc',
    'rpc.method': rpcMethod(call),
    'server.address': bracketed ?? name ?? target,
    ...(port !== undefined && { 'server.port': Number(port) }),
  }
}

function peerAttributes(peer: string): OtelAttributes {
  const [, address = peer, port] = PEER.exec(peer) ?? []
  return { 'network.peer.address': address, ...(port !== undefined && { 'network.peer.port': Number(port) }) }
}

/** Numbered from 0 in each direction. */
function messageAttributes(number: number, compressedBytes: number, bytes: number): OtelAttributes {
  return { 'sequence-number': number, 'message-size': bytes, 'message-size-compressed': compressedBytes }
}

/** Ends a span. For clients every code but OK is an error. Connect has its own names of codes, and none for success. */
function endSpan(span: OtelSpan, error: ConnectError | null, isConnect: boolean): void {
  if (error !== null) {
    const status = isConnect ? codeToString(error.code) : statusName(error)
    span.setAttributes({ 'rpc.response.status_code': status, 'error.type': status })
    span.setStatus({ code: SPAN_STATUS_ERROR, message: `${status}, ${error.rawMessage}` })
  } else if (!isConnect) span.setAttributes({ 'rpc.response.status_code': statusName(null) })
  span.end()
}
