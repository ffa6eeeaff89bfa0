/** Spans of the calls that reach a server, in the semantic conventions of OpenTelemetry for RPC. */
import type { X509Certificate } from 'node:crypto'
import type { CallEnd, CallObservation, CallObserver, CallStart, CallTrace } from '../call-observer.ts'
import type { EncodableField } from '../http2/http2.ts'
import {
  type OtelAttributes,
  type OtelContext,
  type OtelPropagator,
  type OtelServerApi,
  type OtelSpan,
  type OtelTracer,
  SPAN_KIND_SERVER,
  TRACE_FLAG_SAMPLED,
} from './open-telemetry-api.ts'
import {
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_ROUTE,
  ATTR_NETWORK_PROTOCOL_VERSION,
  ATTR_RPC_METHOD,
  ATTR_RPC_METHOD_ORIGINAL,
  ATTR_RPC_SYSTEM_NAME,
  grpcMethod,
  OTHER_METHOD,
  rpcSystem,
} from './rpc-names.ts'
import { endSpan, messageAttributes, peerAddress, peerAttributes, serverAttributes } from './span-attributes.ts'
import { contextFields, HEADER_GETTER } from './trace-context.ts'

/** The other end of a connection: the caller, or the proxy before it. */
export interface TracedPeer {
  /** Its IP address; empty on a Unix socket. */
  readonly address: string
  /** The client certificate, verified against `tls.ca`; undefined if there is none. */
  readonly certificate: X509Certificate | undefined
}

/** What the spans of a server are made with. */
export interface ServerSpanParts {
  readonly api: OtelServerApi
  readonly tracer: OtelTracer
  readonly propagator: OtelPropagator
  /** Whether a trace of this peer is continued. Otherwise a trace starts here, with a link to the peer's. */
  readonly trustsCaller: boolean | ((peer: TracedPeer) => boolean)
  /** Whether each message is an event of the span. */
  readonly hasMessageEvents: boolean
}

/**
 * Creates an observer that makes a span of each call, refused ones and those of unknown methods included. The handler, and the gates and
 * interceptors before it, run with the span as the active one. Requests in no RPC protocol have none.
 */
export function observeByServerSpans(parts: ServerSpanParts): CallObserver {
  const Observation = parts.hasMessageEvents ? TracedMessages : TracedCall
  return {
    onStart: (call) => (call.side === 'server' && call.protocol !== 'http' ? new Observation(parts, call) : null),
  }
}

class TracedCall implements CallObservation {
  readonly trace: CallTrace
  protected readonly span: OtelSpan
  readonly #protocol: string

  constructor(parts: ServerSpanParts, call: CallStart) {
    const { parent, links } = originOf(parts, call)
    const method = grpcMethod(call.method)
    const options = { kind: SPAN_KIND_SERVER, attributes: attributesOf(call, method), links }
    this.span = parts.tracer.startSpan(method ?? rpcSystem(call.protocol), options, parent)
    this.trace = new SpanTrace(parts, this.span, parent)
    this.#protocol = call.protocol
    if (this.span.isRecording()) this.span.setAttributes(connectionAttributes(call))
  }

  onEnd({ code, error }: CallEnd): void {
    endSpan(this.span, { side: 'server', protocol: this.#protocol, code, error })
  }
}

class TracedMessages extends TracedCall {
  #received = 0
  #sent = 0

  onReceived(compressedBytes: number, bytes: number): void {
    if (!this.span.isRecording()) return
    this.span.addEvent('Inbound message', messageAttributes(this.#received++, compressedBytes, bytes))
  }

  onSent(compressedBytes: number, bytes: number): void {
    if (!this.span.isRecording()) return
    this.span.addEvent('Outbound message', messageAttributes(this.#sent++, compressedBytes, bytes))
  }
}

/** What a call does in its span. */
class SpanTrace implements CallTrace {
  readonly ids: CallTrace['ids']
  readonly isSampled: boolean
  readonly #parts: ServerSpanParts
  readonly #context: OtelContext

  constructor(parts: ServerSpanParts, span: OtelSpan, parent: OtelContext) {
    const { traceId, spanId, traceFlags } = span.spanContext()
    this.ids = { traceId, spanId }
    this.isSampled = (traceFlags & TRACE_FLAG_SAMPLED) !== 0
    this.#parts = parts
    this.#context = parts.api.trace.setSpan(parent, span)
  }

  get fields(): readonly EncodableField[] {
    return contextFields(this.#parts.propagator, this.#context)
  }

  runInContext(run: () => void): void {
    this.#parts.api.context.with(this.#context, run)
  }
}

/** The trace of a peer that is not trusted is only linked to: it could be anyone's, and its sampling flag would cost. */
function originOf({ api, propagator, trustsCaller }: ServerSpanParts, call: CallStart) {
  const remote = propagator.extract(api.ROOT_CONTEXT, call.header, HEADER_GETTER)
  if (isTrusted(call, trustsCaller)) return { parent: remote, links: [] }
  const context = api.trace.getSpan(remote)?.spanContext()
  const links = context !== undefined && api.isSpanContextValid(context) ? [{ context }] : []
  return { parent: api.ROOT_CONTEXT, links }
}

/** The certificate is read only if somebody asks. */
function isTrusted(call: CallStart, trusts: ServerSpanParts['trustsCaller']): boolean {
  if (typeof trusts !== 'function') return trusts
  return trusts({ address: peerAddress(call.peer), certificate: call.certificate })
}

/** Callers choose the names of unknown methods, so those are no names of spans, and of bounded length. */
const MAX_ORIGINAL_CHARS = 100

/** What samplers see. */
function attributesOf(call: CallStart, method: string | undefined): OtelAttributes {
  const { protocol, path, target, route, httpMethod } = call
  return {
    [ATTR_RPC_SYSTEM_NAME]: rpcSystem(protocol),
    [ATTR_RPC_METHOD]: method ?? OTHER_METHOD,
    ...(method === undefined && {
      [ATTR_RPC_METHOD_ORIGINAL]: path.replace(/^\//, '').slice(0, MAX_ORIGINAL_CHARS).toWellFormed(),
    }),
    ...(route !== undefined && { [ATTR_HTTP_ROUTE]: route, [ATTR_HTTP_REQUEST_METHOD]: httpMethod }),
    ...(target !== '' && serverAttributes(target)),
  }
}

function connectionAttributes({ peer, httpVersion }: CallStart): OtelAttributes {
  return {
    ...(peer !== '' && peerAttributes(peer)),
    ...(httpVersion !== undefined && { [ATTR_NETWORK_PROTOCOL_VERSION]: httpVersion }),
  }
}
