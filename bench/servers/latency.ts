/** Latency at half load: at full load a measurement only shows the length of the queue. */
import { grpcGoLoad } from '../grpc-go-load.ts'
import { h2load } from '../h2load.ts'
import type { Sample } from '../workload.ts'
import type { Ground, ServerWorkload } from './server-workload.ts'
import { SMALL_CALL } from './unary.ts'

/** A rate that the client can certainly sustain. */
const MAX_RATE = 20_000
const CONNECTIONS = 8
const STREAMS = 32

/** The latency of unary calls at half the rate that the server can sustain. */
export const latencyWorkload: ServerWorkload = {
  name: 'latency',
  title: 'Latency at half load',
  explanation: `SayHello over gRPC with a name of 11 bytes, at half the rate that the server reached right before, or at ${MAX_RATE} calls a second where that is less, because the client must not be the limit. A grpc-go client with ${CONNECTIONS} connections, an open loop: a slow answer does not hold back the calls after it.`,
  columns: [
    { key: 'p50Ms', title: 'p50', unit: 'ms' },
    { key: 'p99Ms', title: 'p99', unit: 'ms' },
    { key: 'rate', title: 'calls/s', unit: 'count' },
  ],
  baseline: 'grpc-go',
  needs: 'grpc-unary',
  exchange: SMALL_CALL,
  measure: measureLatency,
}

async function measureLatency({ server, plan, folder, grpcGoLoad: program }: Ground): Promise<Sample> {
  const { address } = server
  const [connections, streams, seconds] = [CONNECTIONS, STREAMS, plan.seconds]
  const most = await h2load({ exchange: SMALL_CALL, address, connections, streams, seconds, folder })
  await server.settle()
  const rate = Math.min(MAX_RATE, Math.floor(most.operations / most.seconds / 2))
  const { p50Ms, p99Ms } = await grpcGoLoad({ program, address, workload: 'rate', connections, rate, seconds })
  return { p50Ms, p99Ms, rate }
}
