/** Client workloads: each client calls a grpc-go server on the other core, over one connection. */
import { rateColumns } from '../servers/measure-rate.ts'
import type { Sample, Workload } from '../workload.ts'
import type { ClientOutcome } from './programs/client-program.ts'

/** A workload of clients: the arguments of their programs, and the figures that count. */
export interface ClientWorkload extends Workload {
  /** The program's name for it. */
  readonly task: 'unary' | 'download' | 'hold' | 'beside'
  readonly callsAtOnce: number
  /** The clients that take part. Default: all. */
  readonly contestants?: readonly string[]
  readonly sampleOf: (outcome: ClientOutcome) => Sample
}

const BASELINE = 'grpc-go-client'
const CALLS_IN_FLIGHT = 50
const STREAMS = 8
const HELD_CALLS = 10_000
const CALLS_BESIDE = [1, 1_000, 10_000, 100_000]
/** Opening more takes minutes with peers. */
const MOST_BESIDE_PEERS = 1_000
const MICROSECONDS = 1e6

/** All workloads of clients, in the order of the report. */
export const CLIENT_WORKLOADS: readonly ClientWorkload[] = [
  {
    name: 'client-unary',
    title: 'Client: unary calls',
    explanation: `SayHello over gRPC with a name of 11 bytes, ${CALLS_IN_FLIGHT} calls in flight on one connection, to a grpc-go server on the other core. Where the core is not busy, the server is the limit: compare the calls per CPU second.`,
    columns: rateColumns('calls/s'),
    baseline: BASELINE,
    task: 'unary',
    callsAtOnce: CALLS_IN_FLIGHT,
    sampleOf: ratesOf,
  },
  {
    name: 'client-latency',
    title: 'Client: one call at a time',
    explanation: 'The same, each call after the answer to the one before.',
    columns: [
      { key: 'p50Ms', title: 'p50', unit: 'ms' },
      { key: 'p99Ms', title: 'p99', unit: 'ms' },
      { key: 'rate', title: 'calls/s', unit: 'count' },
    ],
    baseline: BASELINE,
    task: 'unary',
    callsAtOnce: 1,
    sampleOf: (outcome) => ({ ...ratesOf(outcome), p50Ms: outcome.p50Ms, p99Ms: outcome.p99Ms }),
  },
  {
    name: 'client-stream-receive',
    title: 'Client: receiving a stream',
    explanation: `Streams of 1000 messages of 11 bytes, ${STREAMS} at once on one connection, from a grpc-go server on the other core.`,
    columns: rateColumns('messages/s'),
    baseline: BASELINE,
    task: 'download',
    callsAtOnce: STREAMS,
    sampleOf: ratesOf,
  },
  {
    name: 'client-memory',
    title: 'Client: memory of calls in flight',
    explanation: `The resident memory that ${HELD_CALLS} open bidirectional calls add on one connection, each after one message in both directions.`,
    columns: [
      { key: 'eachKiB', title: 'each', unit: 'KiB' },
      { key: 'beforeKiB', title: 'process before', unit: 'KiB' },
    ],
    baseline: BASELINE,
    task: 'hold',
    callsAtOnce: HELD_CALLS,
    sampleOf: ({ operations, beforeBytes, heldBytes }) => ({
      eachKiB: (heldBytes - beforeBytes) / operations / 1_024,
      beforeKiB: beforeBytes / 1_024,
    }),
  },
  ...CALLS_BESIDE.map(
    (held): ClientWorkload => ({
      name: `client-beside-${held}`,
      title: `Client: a call beside ${held.toLocaleString('en')}`,
      explanation: `The CPU time of a unary call while ${held.toLocaleString('en')} bidirectional calls are open that were given the same AbortSignal: it should not depend on how many there are. ${CALLS_IN_FLIGHT} calls in flight.`,
      columns: [{ key: 'perCall', title: 'CPU time of a call', unit: 'µs' }],
      baseline: 'portico-client',
      task: 'beside',
      callsAtOnce: held,
      contestants: held > MOST_BESIDE_PEERS ? ['portico-client'] : ['portico-client', 'connect-node-client'],
      sampleOf: ({ operations, cpuSeconds }) => ({ perCall: (cpuSeconds / operations) * MICROSECONDS }),
    }),
  ),
]

function ratesOf({ operations, seconds, cpuSeconds }: ClientOutcome): Sample {
  if (operations === 0) throw new Error(`nothing was done within ${seconds} s`)
  return { rate: operations / seconds, perCpuSecond: operations / cpuSeconds, busy: (cpuSeconds / seconds) * 100 }
}
