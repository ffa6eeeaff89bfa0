/** Large messages: 1 MiB of text in unary calls, and in each of the three streaming kinds. */
import { grpcGoLoad } from '../grpc-go-load.ts'
import type { Column } from '../workload.ts'
import { measureRate } from './measure-rate.ts'
import type { Ground, ServerWorkload } from './server-workload.ts'
import { downloadOf, echoOf, uploadOf } from './streams.ts'
import { sayHelloOf } from './unary.ts'

const MESSAGE_BYTES = 1_048_576
const MEGABYTE = 1e6
/** Messages of a stream: enough that the request of a download, which carries the text once, hardly counts. */
const MESSAGES = 32
const CONNECTIONS = 2
const STREAMS = 4
const TEXT = 'x'.repeat(MESSAGE_BYTES)
const LOAD = `A grpc-go client with ${CONNECTIONS} connections and ${STREAMS} calls at once. Each message counts once, in one direction.`

const COLUMNS: readonly [Column, ...Column[]] = [
  { key: 'perCpuSecond', title: 'MB per CPU second', unit: 'count' },
  { key: 'rate', title: 'MB/s', unit: 'count' },
  { key: 'busy', title: 'core busy', unit: '%' },
]

/** The workloads of this file. */
export const bulkWorkloads: readonly ServerWorkload[] = [
  {
    ...bulk('unary'),
    name: 'bulk-unary',
    title: 'Unary, 1 MiB',
    explanation: `SayHello with a name of 1 MiB, which comes back in the greeting. ${LOAD}`,
    needs: 'grpc-unary',
    exchange: sayHelloOf(MESSAGE_BYTES),
  },
  {
    ...bulk('upload'),
    name: 'bulk-upload',
    title: 'Client stream, 1 MiB',
    explanation: `Streams of ${MESSAGES} messages of 1 MiB, answered with their count. ${LOAD}`,
    exchange: uploadOf(TEXT, 1),
  },
  {
    ...bulk('download'),
    name: 'bulk-download',
    title: 'Server stream, 1 MiB',
    explanation: `Streams of ${MESSAGES} messages of 1 MiB. ${LOAD}`,
    exchange: downloadOf(TEXT, 1),
  },
  {
    ...bulk('echo'),
    name: 'bulk-bidi',
    title: 'Bidirectional stream, 1 MiB',
    explanation: `Streams of ${MESSAGES} messages of 1 MiB that come back one by one, while the client goes on sending. ${LOAD}`,
    exchange: echoOf(TEXT),
  },
]

function bulk(workload: 'unary' | 'download' | 'upload' | 'echo') {
  return {
    columns: COLUMNS,
    baseline: 'grpc-js',
    needs: 'grpc-streams',
    measure: (ground: Ground) => measureBulk(ground, workload),
  } as const
}

function measureBulk(ground: Ground, workload: 'unary' | 'download' | 'upload' | 'echo') {
  return measureRate(ground, async (seconds) => {
    const load = await grpcGoLoad({
      program: ground.grpcGoLoad,
      address: ground.server.address,
      workload,
      connections: CONNECTIONS,
      streams: STREAMS,
      messages: MESSAGES,
      size: MESSAGE_BYTES,
      seconds,
    })
    return { ...load, operations: (load.operations * MESSAGE_BYTES) / MEGABYTE }
  })
}
