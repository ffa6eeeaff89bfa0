/** Propagates deadline, cancellation and trace from the call being handled to the calls that its handler makes. */
import {
  Code,
  ConnectError,
  type ContextKey,
  type ContextValues,
  createContextKey,
  type Transport,
} from '@connectrpc/connect'
import { type CallScope, currentCallScope, type Inheritance, keepCallScopes } from '../../wire/call-scope.ts'
import type { EncodableField } from '../../wire/http2/http2.ts'
import { isReservedField } from '../../wire/user-fields.ts'
import { type LeavableTransport, leavable, streamTo } from '../core/leavable.ts'
import { isTimeout } from './rpc/call-deadline.ts'

/**
 * Whether a call is independent of the handler that makes it: it does not inherit its deadline, cancellation or trace. For work that must
 * complete even if nothing waits for it. Default: false.
 */
export const detached: ContextKey<boolean> = createContextKey(false, {
  description: 'inherit nothing from the handler',
})

/**
 * Wraps a transport. A call made while a handler of this process runs has at most the handler's remaining time, is cancelled with it,
 * continues its trace, and carries the metadata that the server passes on, unless the call sets these itself. Work that a handler leaves
 * running after it has returned inherits nothing.
 *
 * @param defaultTimeoutMs the timeout of calls that set none; undefined for none
 */
export function propagating(inner: Transport, defaultTimeoutMs: number | undefined): LeavableTransport {
  keepCallScopes()
  const limitsOf = (own: CallLimits, contextValues: ContextValues | undefined): CallLimits => {
    const scope = scopeOf(contextValues)
    return scope === undefined ? own : inherit(scope, own, defaultTimeoutMs)
  }
  const transport: Transport = {
    unary(method, signal, timeoutMs, header, input, contextValues) {
      const limits = limitsOf({ signal, timeoutMs, header }, contextValues)
      return inner.unary(method, limits.signal, limits.timeoutMs, limits.header, input, contextValues)
    },
    stream(method, signal, timeoutMs, header, input, contextValues) {
      const limits = limitsOf({ signal, timeoutMs, header }, contextValues)
      return inner.stream(method, limits.signal, limits.timeoutMs, limits.header, input, contextValues)
    },
  }
  return {
    ...transport,
    [leavable]: {
      stream: transport.stream,
      start(reader, method, signal, timeoutMs, header, input, contextValues) {
        const limits = limitsOf({ signal, timeoutMs, header }, contextValues)
        return streamTo(reader, inner, [method, limits.signal, limits.timeoutMs, limits.header, input, contextValues])
      },
    },
  }
}

type Metadata = Parameters<Transport['unary']>[3]

interface CallLimits {
  readonly signal: AbortSignal | undefined
  /** The timeout in milliseconds; 0 or less for none; undefined for the default. */
  readonly timeoutMs: number | undefined
  readonly header: Metadata
}

function scopeOf(contextValues: ContextValues | undefined): CallScope | undefined {
  const scope = currentCallScope()
  return scope === undefined || contextValues?.get(detached) === true ? undefined : scope
}

function inherit(scope: CallScope, own: CallLimits, defaultTimeoutMs: number | undefined): CallLimits {
  const { inheritance } = scope
  const header = withMetadata(withTrace(own.header, scope, inheritance), scope.requestHeader, inheritance)
  if (!inheritance.deadline) return { ...own, header }
  const leftMs = scope.timeoutMs()
  if (leftMs === undefined) return { signal: joinSignals(own.signal, scope.signal), timeoutMs: own.timeoutMs, header }
  // Whole milliseconds, as not every protocol can express fractions.
  const wholeMs = Math.floor(leftMs)
  const parent = wholeMs < 1 && !scope.signal.aborted ? AbortSignal.abort(lateError()) : scope.signal
  const { timeoutMs = defaultTimeoutMs ?? 0 } = own
  return { signal: joinSignals(own.signal, parent), timeoutMs: nearerMs(timeoutMs, wholeMs), header }
}

function nearerMs(timeoutMs: number, leftMs: number): number {
  // The transport rejects it.
  if (!isTimeout(timeoutMs)) return timeoutMs
  return timeoutMs > 0 ? Math.min(timeoutMs, leftMs) : leftMs
}

function joinSignals(own: AbortSignal | undefined, parent: AbortSignal): AbortSignal {
  return own === undefined ? parent : AbortSignal.any([own, parent])
}

/** Adds the span of the handler, or else the trace of its caller, unless the call has a trace of its own. Baggage is independent. */
function withTrace(own: Metadata, { trace, requestHeader }: CallScope, inheritance: Inheritance): Metadata {
  const known = inheritance.traceparent ? traceIn(requestHeader) : NO_FIELDS
  const fields = trace === undefined ? known : trace.fields.filter(({ name }) => name !== 'baggage')
  const baggage = inheritance.baggage ? requestHeader.get('baggage') : null
  if (fields.length === 0 && baggage === null) return own
  const header = new Headers(own)
  if (!fields.some(({ name }) => header.has(name))) for (const { name, value } of fields) header.set(name, value)
  if (baggage !== null && !header.has('baggage')) header.set('baggage', baggage)
  return header
}

/** Adds the metadata that the server passes on, unless the call sets it itself. */
function withMetadata(own: Metadata, inbound: Headers, { metadataPrefixes }: Inheritance): Metadata {
  if (metadataPrefixes.length === 0) return own
  const header = new Headers(own)
  inbound.forEach((value, name) => {
    const isPassedOn = metadataPrefixes.some((prefix) => name.startsWith(prefix)) && !name.startsWith(LOCAL_PREFIX)
    if (isPassedOn && !isReservedField(name) && !header.has(name)) header.set(name, value)
  })
  return header
}

/** Metadata for the next hop only (as in kratos). */
const LOCAL_PREFIX = 'x-md-local-'

const NO_FIELDS: readonly EncodableField[] = []

/** `tracestate` belongs to its `traceparent` (W3C Trace Context). */
function traceIn(header: Headers): readonly EncodableField[] {
  const traceparent = header.get('traceparent')
  const tracestate = header.get('tracestate')
  if (traceparent === null) return []
  const parent = { name: 'traceparent', value: traceparent }
  return tracestate === null ? [parent] : [parent, { name: 'tracestate', value: tracestate }]
}

function lateError(): ConnectError {
  return new ConnectError('the deadline of the handler that calls has passed', Code.DeadlineExceeded)
}
