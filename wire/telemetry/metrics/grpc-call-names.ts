/** The metrics under gRPC's own names: calls and attempts (gRFC A66), and in clients retries (A96) and the caller's label (A108). */
import type { Code } from '@connectrpc/connect'
import { LATENCY_BUCKETS, SIZE_BUCKETS } from '../buckets.ts'
import type { OtelAttributes } from '../open-telemetry-api.ts'
import { grpcMethod, grpcStatus } from '../rpc-names.ts'
import { OTHER_VALUE } from './bounded-values.ts'
import {
  ByCode,
  type CallKey,
  type CallMeter,
  type CallNames,
  type MeasuredEnd,
  type MeasuredRetries,
} from './call-names.ts'
import type { CounterSeries, HistogramSeries, Instrument, MetricRegistry } from './metric-registry.ts'

/** Calls of Connect and gRPC-Web are measured too, with the gRPC names of their statuses. */
export const grpcCallNames: CallNames = (registry) => {
  const server = createInstruments(registry, 'grpc.server.call', 'call')
  const attempt = createInstruments(registry, 'grpc.client.attempt', 'attempt')
  const callDuration = histograms(registry).seconds(
    'grpc.client.call.duration',
    'From the start of a call to its end, all attempts included',
  )
  return (key) =>
    key.side === 'server'
      ? new GrpcServerMeter(server, attributesOf(key))
      : new GrpcClientMeter({ attempt, callDuration }, attributesOf(key))
}

const RETRY_BUCKETS = [1, 2, 3, 4, 5]
const TRANSPARENT_RETRY_BUCKETS = [1, 2, 3, 4, 5, 10]

/** Retries, transparent retries, hedges and the delays between attempts of a call: experimental in gRPC. Zeros are not recorded. */
export const grpcRetryNames: CallNames = (registry) => {
  const { seconds, counts } = histograms(registry)
  const instruments = {
    retries: counts('grpc.client.call.retries', '{retry}', RETRY_BUCKETS),
    transparentRetries: counts(
      'grpc.client.call.transparent_retries',
      '{transparent_retry}',
      TRANSPARENT_RETRY_BUCKETS,
    ),
    hedges: counts('grpc.client.call.hedges', '{hedge}', RETRY_BUCKETS),
    retryDelay: seconds('grpc.client.call.retry_delay', 'How long a call had no attempt under way'),
  }
  return (key) => (key.side === 'client' ? new GrpcRetryMeter(instruments, attributesOf(key)) : null)
}

interface SizedInstruments {
  readonly started: Instrument<CounterSeries>
  readonly duration: Instrument<HistogramSeries>
  readonly sentBytes: Instrument<HistogramSeries>
  readonly receivedBytes: Instrument<HistogramSeries>
}

interface SizedSeries {
  readonly duration: HistogramSeries
  readonly sentBytes: HistogramSeries
  readonly receivedBytes: HistogramSeries
}

type SizedEnd = Pick<MeasuredEnd, 'seconds' | 'sentBytes' | 'receivedBytes'> & {
  readonly example?: MeasuredEnd['example']
}

class GrpcServerMeter implements CallMeter {
  readonly #started: CounterSeries
  readonly #ends: ByCode<SizedSeries>

  constructor(instruments: SizedInstruments, attributes: OtelAttributes) {
    this.#started = instruments.started.with(attributes)
    this.#ends = sizedSeries(instruments, attributes)
  }

  onStart(): void {
    this.#started.add(1)
  }

  onEnd(end: MeasuredEnd): void {
    recordSized(this.#ends.at(end.code), end)
  }
}

interface ClientInstruments {
  readonly attempt: SizedInstruments
  readonly callDuration: Instrument<HistogramSeries>
}

class GrpcClientMeter implements CallMeter {
  readonly #attempts: CounterSeries
  readonly #attemptEnds: ByCode<SizedSeries>
  readonly #durations: ByCode<HistogramSeries>

  constructor({ attempt, callDuration }: ClientInstruments, attributes: OtelAttributes) {
    this.#attempts = attempt.started.with(attributes)
    this.#attemptEnds = sizedSeries(attempt, attributes)
    this.#durations = new ByCode((code) => callDuration.with(withStatus(attributes, code)))
  }

  onAttempt(): void {
    this.#attempts.add(1)
  }

  onAttemptEnd(end: Parameters<NonNullable<CallMeter['onAttemptEnd']>>[0]): void {
    recordSized(this.#attemptEnds.at(end.code), end)
  }

  onEnd({ code, seconds, example }: MeasuredEnd): void {
    this.#durations.at(code).record(seconds, example)
  }
}

class GrpcRetryMeter implements CallMeter {
  readonly #retries: HistogramSeries
  readonly #transparentRetries: HistogramSeries
  readonly #hedges: HistogramSeries
  readonly #retryDelay: HistogramSeries

  constructor(
    instruments: Record<'retries' | 'transparentRetries' | 'hedges' | 'retryDelay', Instrument<HistogramSeries>>,
    attributes: OtelAttributes,
  ) {
    this.#retries = instruments.retries.with(attributes)
    this.#transparentRetries = instruments.transparentRetries.with(attributes)
    this.#hedges = instruments.hedges.with(attributes)
    this.#retryDelay = instruments.retryDelay.with(attributes)
  }

  onRetries({ retries, transparentRetries, hedges, retryDelayMs }: MeasuredRetries): void {
    recordIfAny(this.#retries, retries)
    recordIfAny(this.#transparentRetries, transparentRetries)
    recordIfAny(this.#hedges, hedges)
    recordIfAny(this.#retryDelay, retryDelayMs / 1000)
  }

  onEnd(): void {}
}

function recordIfAny(series: HistogramSeries, value: number): void {
  if (value > 0) series.record(value)
}

function recordSized(series: SizedSeries, { seconds, sentBytes, receivedBytes, example }: SizedEnd): void {
  series.duration.record(seconds, example)
  series.sentBytes.record(sentBytes)
  series.receivedBytes.record(receivedBytes)
}

function sizedSeries(instruments: SizedInstruments, attributes: OtelAttributes): ByCode<SizedSeries> {
  return new ByCode((code) => {
    const ended = withStatus(attributes, code)
    return {
      duration: instruments.duration.with(ended),
      sentBytes: instruments.sentBytes.with(ended),
      receivedBytes: instruments.receivedBytes.with(ended),
    }
  })
}

function attributesOf({ side, method, target, label }: CallKey): OtelAttributes {
  return {
    'grpc.method': grpcMethod(method) ?? OTHER_VALUE,
    ...(side === 'client' && { 'grpc.target': target }),
    ...(label !== undefined && { 'grpc.client.call.custom': label }),
  }
}

function withStatus(attributes: OtelAttributes, code: Code | undefined): OtelAttributes {
  return { ...attributes, 'grpc.status': grpcStatus(code) }
}

function createInstruments(registry: MetricRegistry, prefix: string, noun: 'call' | 'attempt'): SizedInstruments {
  const { seconds, bytes } = histograms(registry)
  return {
    started: registry.counter({
      name: `${prefix}.started`,
      unit: `{${noun}}`,
      description: `Started ${noun}s, including those in flight`,
    }),
    duration: seconds(`${prefix}.duration`, `From the start of each ${noun} to its end`),
    sentBytes: bytes(`${prefix}.sent_total_compressed_message_size`, `Bytes of the messages sent in each ${noun}`),
    receivedBytes: bytes(
      `${prefix}.rcvd_total_compressed_message_size`,
      `Bytes of the messages received in each ${noun}`,
    ),
  }
}

function histograms(registry: MetricRegistry) {
  return {
    seconds: (name: string, description: string) =>
      registry.histogram({ name, description, unit: 's', buckets: LATENCY_BUCKETS }),
    bytes: (name: string, description: string) =>
      registry.histogram({ name, description, unit: 'By', buckets: SIZE_BUCKETS }),
    counts: (name: string, unit: string, buckets: readonly number[]) =>
      registry.histogram({ name, unit, buckets, description: 'Per call, besides its first attempt' }),
  }
}
