/** Measures calls at both ends. What the attributes of a call select is looked up once, at its start. */
import type { DescMethod } from '@bufbuild/protobuf'
import type { Code, ConnectError } from '@connectrpc/connect'
import type {
  AttemptObservation,
  AttemptStart,
  CallEnd,
  CallObservation,
  CallObserver,
  CallStart,
} from '../../call-observer.ts'
import { ATTR_RPC_METHOD, grpcMethod, OTHER_METHOD } from '../rpc-names.ts'
import { BoundedValues, type ValueBound } from './bounded-values.ts'
import type { CallMeter, CallNames, MeasuredEnd, MeasuredRetries } from './call-names.ts'
import { httpRequests } from './http-requests.ts'
import type { MetricRegistry, MetricSource, TraceIdentity } from './metric-registry.ts'

/** Options of the metrics. */
export interface CallMetricsOptions {
  readonly registry: MetricRegistry
  /** The sets of names to measure under. */
  readonly names: readonly CallNames[]
  /** Which ends to measure. Default: both. */
  readonly side?: 'server' | 'client'
  /** The values of the caller's label (gRFC A108) that are kept apart. Undefined: no such label. */
  readonly callLabels?: ValueBound | undefined
  /** Returns the time in milliseconds, on the clock of `performance.now()`. */
  now(): number
}

/** How many targets a client's metrics keep apart; some programs make a transport for each address. */
const MAX_TARGETS = 100

/** Creates the observer of a process, which serves its server and its clients alike. */
export function observeByMetrics(options: CallMetricsOptions): CallObserver {
  return new CallMetrics(options)
}

class CallMetrics implements CallObserver {
  readonly #options: CallMetricsOptions
  readonly #server: Calls
  /** By target, with the label if there is one. */
  readonly #clients = new Map<string, Calls>()
  readonly #targets = new BoundedValues(MAX_TARGETS)
  readonly #labels: BoundedValues | null
  readonly #http: CallObserver

  constructor(options: CallMetricsOptions) {
    const { registry, names, side, callLabels } = options
    const makers = names.map((create) => create(registry))
    this.#options = options
    this.#createMeters = (key) => makers.map((make) => make(key)).filter((meter) => meter !== null)
    this.#server = new Calls({ side: 'server', target: '', label: undefined }, this.#createMeters)
    this.#labels = callLabels === undefined ? null : new BoundedValues(callLabels)
    this.#http = httpRequests(registry)
    if (side !== 'client') registry.addSource(activeCalls(this.#server))
  }

  readonly #createMeters: CreateMeters

  onStart(call: CallStart): CallObservation | null {
    const { side = call.side } = this.#options
    if (side !== call.side) return null
    if (side === 'client') return new MeasuredClientCall(this.#options, this.#clientRow(call))
    if (call.protocol === 'http') return this.#http.onStart(call)
    return new MeasuredCall(this.#options, this.#server.rowOf(call))
  }

  #clientRow(call: CallStart): Row {
    const target = this.#targets.of(call.target)
    const label = this.#labels?.of(call.label ?? '')
    const key = label === undefined ? target : `${target}\n${label}`
    let calls = this.#clients.get(key)
    if (calls === undefined) {
      calls = new Calls({ side: 'client', target, label }, this.#createMeters)
      this.#clients.set(key, calls)
    }
    return calls.rowOf(call)
  }
}

type CallKey = Parameters<ReturnType<CallNames>>[0]
type CreateMeters = (key: CallKey) => readonly CallMeter[]

/** What measures the calls of a method in a protocol. */
interface Row {
  readonly meters: readonly CallMeter[]
  /** Calls under way. */
  active: number
}

/** The rows of a server, or of a client's target and label. */
class Calls {
  readonly #scope: Pick<CallKey, 'side' | 'target' | 'label'>
  readonly #createMeters: CreateMeters
  /** By method, then by protocol. Methods come from descriptors, so callers cannot add any. */
  readonly #rows = new Map<DescMethod | undefined, Map<string, Row>>()

  constructor(scope: Pick<CallKey, 'side' | 'target' | 'label'>, createMeters: CreateMeters) {
    this.#scope = scope
    this.#createMeters = createMeters
  }

  rowOf({ method, protocol }: CallStart): Row {
    return this.#rows.get(method)?.get(protocol) ?? this.#addRow(method, protocol)
  }

  /** Yields the number of calls under way for each method. */
  *active(): Iterable<[method: DescMethod | undefined, calls: number]> {
    for (const [method, byProtocol] of this.#rows) {
      let calls = 0
      for (const { active } of byProtocol.values()) calls += active
      yield [method, calls]
    }
  }

  #addRow(method: DescMethod | undefined, protocol: string): Row {
    const row = { meters: this.#createMeters({ ...this.#scope, method, protocol }), active: 0 }
    const byProtocol = this.#rows.get(method) ?? new Map<string, Row>()
    byProtocol.set(protocol, row)
    this.#rows.set(method, byProtocol)
    return row
  }
}

function activeCalls(calls: Calls): MetricSource {
  return {
    name: 'portico.server.call.active',
    unit: '{call}',
    description: 'Calls under way',
    kind: 'gauge',
    read: (report) => {
      for (const [method, active] of calls.active())
        report(active, { [ATTR_RPC_METHOD]: grpcMethod(method) ?? OTHER_METHOD })
    },
  }
}

/** A call that is measured. At its end it is the end that meters receive, so that there is one object per call. */
class MeasuredCall implements CallObservation, MeasuredEnd {
  code: Code | undefined = undefined
  seconds = 0
  sentBytes = 0
  receivedBytes = 0
  sentMessages = 0
  receivedMessages = 0
  example: TraceIdentity | undefined = undefined
  protected readonly row: Row
  protected readonly options: CallMetricsOptions
  #hasSizes = false

  constructor(options: CallMetricsOptions, row: Row) {
    this.options = options
    this.row = row
    row.active += 1
    for (const meter of row.meters) meter.onStart?.()
  }

  onSent(compressedBytes: number): void {
    this.#hasSizes = true
    this.sentBytes += compressedBytes
  }

  onReceived(compressedBytes: number): void {
    this.#hasSizes = true
    this.receivedBytes += compressedBytes
  }

  onEnd(end: CallEnd): void {
    this.row.active -= 1
    this.code = end.code
    this.seconds = end.durationMs / 1000
    this.sentMessages = end.sentMessages
    this.receivedMessages = end.receivedMessages
    // Connect's own server does not report each message: the bodies are the closest there is.
    if (!this.#hasSizes) {
      this.sentBytes = end.sentBytes
      this.receivedBytes = end.receivedBytes
    }
    this.example = end.trace?.isSampled === true ? end.trace.ids : undefined
    for (const meter of this.row.meters) meter.onEnd(this)
  }
}

/** A call of a client: sizes belong to its attempts. */
class MeasuredClientCall extends MeasuredCall implements MeasuredRetries {
  retries = 0
  transparentRetries = 0
  hedges = 0
  retryDelayMs = 0

  onAttempt(start: AttemptStart): AttemptObservation {
    if (start.isTransparentRetry) this.transparentRetries += 1
    else if (start.isHedge) this.hedges += 1
    else if (start.previousAttempts > 0) this.retries += 1
    for (const meter of this.row.meters) meter.onAttempt?.(start)
    return new MeasuredAttempt(this.row.meters, this.options.now)
  }

  onRetryDelay(delayMs: number): void {
    this.retryDelayMs += delayMs
  }

  override onEnd(end: CallEnd): void {
    for (const meter of this.row.meters) meter.onRetries?.(this)
    super.onEnd(end)
  }
}

class MeasuredAttempt implements AttemptObservation {
  code: Code | undefined = undefined
  seconds = 0
  sentBytes = 0
  receivedBytes = 0
  readonly #meters: readonly CallMeter[]
  readonly #now: () => number
  readonly #startedAtMs: number

  constructor(meters: readonly CallMeter[], now: () => number) {
    this.#meters = meters
    this.#now = now
    this.#startedAtMs = now()
  }

  onSent(compressedBytes: number): void {
    this.sentBytes += compressedBytes
  }

  onReceived(compressedBytes: number): void {
    this.receivedBytes += compressedBytes
  }

  onEnd(error: ConnectError | null): void {
    this.code = error?.code
    this.seconds = (this.#now() - this.#startedAtMs) / 1000
    for (const meter of this.#meters) meter.onAttemptEnd?.(this)
  }
}
