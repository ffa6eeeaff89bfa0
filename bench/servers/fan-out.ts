/** Fan-out: one topic, and how fast what is published reaches all of its subscribers. */
import { grpcGoLoad } from '../grpc-go-load.ts'
import { measureRate, rateColumns } from './measure-rate.ts'
import type { ServerWorkload } from './server-workload.ts'
import { SMALL_CALL } from './unary.ts'

const SUBSCRIBERS = [100, 1_000, 10_000]
/** Servers allow at least 100 streams on a connection. */
const STREAMS_PER_CONNECTION = 100
/** Messages that are published at once. The next ones follow when all subscribers have these. */
const BURST = 16

/** The workloads of this file, one for each number of subscribers. */
export const fanOutWorkloads: readonly ServerWorkload[] = SUBSCRIBERS.map((subscribers) => ({
  name: `fan-out-${subscribers}`,
  title: `Fan-out to ${subscribers.toLocaleString('en')} subscribers`,
  explanation: `A topic with ${subscribers.toLocaleString('en')} subscribers (GetStream), ${STREAMS_PER_CONNECTION} on each connection. ${BURST} messages of 11 bytes are published at once, the next ones when all subscribers have these. A grpc-go client; where the core is not busy, it is the limit: compare the deliveries per CPU second.`,
  columns: rateColumns('deliveries/s'),
  baseline: 'grpc-go',
  needs: 'topics',
  // Checks that the service is there. The load program itself checks the sequence of what each subscriber receives.
  exchange: SMALL_CALL,
  measure: (ground) =>
    measureRate(ground, (seconds) =>
      grpcGoLoad({
        program: ground.grpcGoLoad,
        address: ground.server.address,
        workload: 'fan-out',
        connections: Math.ceil(subscribers / STREAMS_PER_CONNECTION),
        streams: subscribers,
        messages: BURST,
        seconds,
      }),
    ),
}))
