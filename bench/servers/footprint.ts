/** The cost of an idle server: memory for what is open, and the time to start. */
import { performance } from 'node:perf_hooks'
import { checkExchange } from '../exchange.ts'
import { type GrpcGoLoadOptions, holdOpen } from '../grpc-go-load.ts'
import { h2load } from '../h2load.ts'
import type { Column, Sample } from '../workload.ts'
import type { Ground, ServerWorkload } from './server-workload.ts'
import { ECHO } from './streams.ts'
import { SMALL_CALL } from './unary.ts'

const HELD = 1_000
/** Servers allow at least 100 streams on a connection. */
const CONNECTIONS_OF_STREAMS = 20
const MEMORY_COLUMNS: readonly [Column, ...Column[]] = [
  { key: 'eachKiB', title: 'each', unit: 'KiB' },
  { key: 'beforeKiB', title: 'process before', unit: 'KiB' },
]

/** The workloads of this file. */
export const footprintWorkloads: readonly ServerWorkload[] = [
  {
    name: 'memory-connection',
    title: 'Memory of an idle connection',
    explanation: `The resident memory that ${HELD} connections of gRPC add, each after one call, in a process that was warmed up by unary calls.`,
    columns: MEMORY_COLUMNS,
    baseline: 'grpc-go',
    needs: 'grpc-unary',
    exchange: SMALL_CALL,
    measure: (ground) => measureMemory(ground, 'connections', HELD),
  },
  {
    name: 'memory-stream',
    title: 'Memory of an idle stream',
    explanation: `The same for ${HELD} bidirectional streams on ${CONNECTIONS_OF_STREAMS} connections, each after one message in both directions.`,
    columns: MEMORY_COLUMNS,
    baseline: 'grpc-go',
    needs: 'grpc-streams',
    exchange: ECHO,
    measure: (ground) => measureMemory(ground, 'streams', CONNECTIONS_OF_STREAMS),
  },
  {
    name: 'start-up',
    title: 'Start-up',
    explanation: 'From the start of the process to the answer to its first call, SayHello over gRPC.',
    columns: [{ key: 'firstAnswerMs', title: 'first answer', unit: 'ms' }],
    baseline: 'grpc-go',
    needs: 'grpc-unary',
    exchange: SMALL_CALL,
    measure: measureStartUp,
  },
]

async function measureMemory(
  { start, plan, folder, grpcGoLoad: program }: Ground,
  workload: Extract<GrpcGoLoadOptions['workload'], 'connections' | 'streams'>,
  connections: number,
): Promise<Sample> {
  await using server = await start()
  const { address } = server
  await h2load({ exchange: SMALL_CALL, address, connections: 8, streams: 32, seconds: plan.warmUpSeconds, folder })
  await server.settle()
  const before = await server.residentBytes()
  await using _held = await holdOpen({ program, address, workload, connections, streams: HELD })
  await server.settle()
  const after = await server.residentBytes()
  return { eachKiB: (after - before) / HELD / 1_024, beforeKiB: before / 1_024 }
}

async function measureStartUp({ start }: Ground): Promise<Sample> {
  const begin = performance.now()
  await using server = await start()
  await checkExchange(server.address, SMALL_CALL)
  return { firstAnswerMs: performance.now() - begin }
}
