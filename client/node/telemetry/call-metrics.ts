/** Metrics of calls and their attempts (gRFC A66), and of retries (A96). */
import type { ConnectError } from '@connectrpc/connect'
import type {
  AttemptObservation,
  AttemptStart,
  CallEnd,
  CallObservation,
  CallObserver,
  CallStart,
} from '../../../wire/call-observer.ts'
import { LATENCY_BUCKETS, SIZE_BUCKETS } from '../../../wire/telemetry/buckets.ts'
import type {
  OtelAttributes,
  OtelCounter,
  OtelHistogram,
  OtelMeter,
} from '../../../wire/telemetry/open-telemetry-api.ts'
import { grpcMethod, grpcStatus } from '../../../wire/telemetry/rpc-names.ts'

/** Options of the metrics. */
export interface MetricParts {
  readonly meter: OtelMeter
  /** Whether to record retries, hedges and their delays, too. */
  readonly hasExperimental: boolean
  /** Returns the time in milliseconds. */
  readonly now: () => number
}

const RETRY_BUCKETS = [1, 2, 3, 4, 5]
const TRANSPARENT_RETRY_BUCKETS = [1, 2, 3, 4, 5, 10]

/** Labelled by method and target, and at the end also by status, so that cardinality is bounded by the program. */
export function observeByMetrics({ meter, hasExperimental, now }: MetricParts): CallObserver {
  const instruments = createInstruments(meter)
  const retries = hasExperimental ? createRetryInstruments(meter) : null
  return { onStart: (call) => (call.side === 'client' ? new MeasuredCall({ instruments, retries, now }, call) : null) }
}

interface Instruments {
  readonly attemptStarted: OtelCounter
  readonly attemptDuration: OtelHistogram
  readonly sentBytes: OtelHistogram
  readonly receivedBytes: OtelHistogram
  readonly callDuration: OtelHistogram
}

interface RetryInstruments {
  readonly retries: OtelHistogram
  readonly transparentRetries: OtelHistogram
  readonly hedges: OtelHistogram
  readonly retryDelay: OtelHistogram
}

interface Measures {
  readonly instruments: Instruments
  readonly retries: RetryInstruments | null
  readonly now: () => number
}

class MeasuredCall implements CallObservation {
  readonly #measures: Measures
  readonly #labels: OtelAttributes
  readonly #startedAtMs: number
  #retries = 0
  #transparentRetries = 0
  #hedges = 0
  #retryDelayMs = 0

  constructor(measures: Measures, { path, method, target }: CallStart) {
    this.#measures = measures
    this.#labels = { 'grpc.method': grpcMethod(method) ?? path.slice(1), 'grpc.target': target }
    this.#startedAtMs = measures.now()
  }

  onAttempt({ previousAttempts, isTransparentRetry, isHedge }: AttemptStart): AttemptObservation {
    if (isTransparentRetry) this.#transparentRetries += 1
    else if (isHedge) this.#hedges += 1
    else if (previousAttempts > 0) this.#retries += 1
    return new MeasuredAttempt(this.#measures, this.#labels)
  }

  onRetryDelay(delayMs: number): void {
    this.#retryDelayMs += delayMs
  }

  onEnd({ error }: CallEnd): void {
    const { instruments, retries, now } = this.#measures
    instruments.callDuration.record((now() - this.#startedAtMs) / 1000, withStatus(this.#labels, error))
    if (retries === null) return
    this.#recordIfAny(retries.retries, this.#retries)
    this.#recordIfAny(retries.transparentRetries, this.#transparentRetries)
    this.#recordIfAny(retries.hedges, this.#hedges)
    this.#recordIfAny(retries.retryDelay, this.#retryDelayMs / 1000)
  }

  /** Records a value unless it is 0 (A96). */
  #recordIfAny(histogram: OtelHistogram, value: number): void {
    if (value > 0) histogram.record(value, this.#labels)
  }
}

class MeasuredAttempt implements AttemptObservation {
  readonly #measures: Measures
  readonly #labels: OtelAttributes
  readonly #startedAtMs: number
  #sentBytes = 0
  #receivedBytes = 0

  constructor(measures: Measures, labels: OtelAttributes) {
    this.#measures = measures
    this.#labels = labels
    this.#startedAtMs = measures.now()
    measures.instruments.attemptStarted.add(1, labels)
  }

  onSent(compressedBytes: number): void {
    this.#sentBytes += compressedBytes
  }

  onReceived(compressedBytes: number): void {
    this.#receivedBytes += compressedBytes
  }

  onEnd(error: ConnectError | null): void {
    const { instruments, now } = this.#measures
    const labels = withStatus(this.#labels, error)
    instruments.attemptDuration.record((now() - this.#startedAtMs) / 1000, labels)
    instruments.sentBytes.record(this.#sentBytes, labels)
    instruments.receivedBytes.record(this.#receivedBytes, labels)
  }
}

function withStatus(labels: OtelAttributes, error: ConnectError | null): OtelAttributes {
  return { ...labels, 'grpc.status': grpcStatus(error?.code) }
}

function createInstruments(meter: OtelMeter): Instruments {
  const { seconds, bytes } = histogramsOf(meter)
  return {
    attemptStarted: meter.createCounter('grpc.client.attempt.started', {
      unit: '{attempt}',
      description: 'Attempts started, including those in flight',
    }),
    attemptDuration: seconds('grpc.client.attempt.duration', 'From the start of an attempt to its end'),
    sentBytes: bytes('grpc.client.attempt.sent_total_compressed_message_size', 'Of the messages sent in an attempt'),
    receivedBytes: bytes(
      'grpc.client.attempt.rcvd_total_compressed_message_size',
      'Of the messages that an attempt got',
    ),
    callDuration: seconds('grpc.client.call.duration', 'From the start of a call to its end, all attempts included'),
  }
}

function createRetryInstruments(meter: OtelMeter): RetryInstruments {
  const { seconds, counts } = histogramsOf(meter)
  return {
    retries: counts('grpc.client.call.retries', '{retry}', RETRY_BUCKETS),
    transparentRetries: counts(
      'grpc.client.call.transparent_retries',
      '{transparent_retry}',
      TRANSPARENT_RETRY_BUCKETS,
    ),
    hedges: counts('grpc.client.call.hedges', '{hedge}', RETRY_BUCKETS),
    retryDelay: seconds('grpc.client.call.retry_delay', 'How long a call had no attempt under way'),
  }
}

function histogramsOf(meter: OtelMeter) {
  const create = (name: string, unit: string, description: string, explicitBucketBoundaries: number[]) =>
    meter.createHistogram(name, { unit, description, advice: { explicitBucketBoundaries } })
  return {
    seconds: (name: string, description: string) => create(name, 's', description, LATENCY_BUCKETS),
    bytes: (name: string, description: string) => create(name, 'By', description, SIZE_BUCKETS),
    counts: (name: string, unit: string, buckets: number[]) =>
      create(name, unit, 'Of a call, besides its first attempt', buckets),
  }
}
