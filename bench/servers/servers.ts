/** The measured servers: ours, the alternatives, and the limits of the machine. */
import path from 'node:path'
import { LANES, type Lane } from '../../server/rpc/lane.ts'
import type { Program } from '../cores.ts'

/** The workloads that a server supports. */
export type Ability = 'grpc-unary' | 'grpc-streams' | 'grpc-web' | 'connect-json' | 'topics'

/** A server to measure. */
export interface BenchServer {
  /** Its name on the command line. */
  readonly name: string
  /** Its name in the report. */
  readonly title: string
  readonly program: Program
  readonly abilities: readonly Ability[]
  /** The names of the workloads that it takes part in. Default: all that it supports. */
  readonly workloads?: readonly string[]
}

/** Built only if the tools are available. */
export interface BuiltServers {
  /** Path of the executable. */
  readonly grpcGo: string
  /** Path of the executable; undefined omits tonic. */
  readonly tonic: string | undefined
}

const ALL: readonly Ability[] = ['grpc-unary', 'grpc-streams', 'grpc-web', 'connect-json', 'topics']
const GRPC: readonly Ability[] = ['grpc-unary', 'grpc-streams']
/** The workloads that show the cost of an access log line. */
const LOGGED_WORKLOADS = ['unary-11', 'latency', 'connect-json']
/** The reference lane is here for comparison, and far slower than everything else. */
const REFERENCE_WORKLOADS = ['unary-11', 'server-stream', 'connect-json', 'grpc-web', 'memory-stream', 'start-up']
/** The workload that shows the cost of Fastify hooks. */
const HOOKED_WORKLOADS = ['unary-11']

/** All servers, in the order of the report. */
export function serversOf({ grpcGo, tonic }: BuiltServers): readonly BenchServer[] {
  const native = (executable: string): Program => ({ program: executable, args: [] })
  return [
    ...LANES.flatMap(lanesOf),
    {
      name: 'portico-hooked',
      title: 'Portico, native lane, one Fastify hook that does nothing',
      program: node('portico.ts', 'native', '--hook'),
      abilities: ['grpc-unary'],
      workloads: HOOKED_WORKLOADS,
    },
    { name: 'grpc-js', title: '@grpc/grpc-js', program: node('grpc-js.ts'), abilities: GRPC },
    { name: 'node-http2', title: 'node:http2 alone', program: node('node-http2.ts'), abilities: ['grpc-unary'] },
    { name: 'grpc-go', title: 'grpc-go', program: native(grpcGo), abilities: [...GRPC, 'topics'] },
    ...(tonic === undefined ? [] : [{ name: 'tonic', title: 'tonic', program: native(tonic), abilities: GRPC }]),
    { name: 'fastify', title: 'a Fastify route alone', program: node('fastify-json.ts'), abilities: ['connect-json'] },
    { name: 'node-http', title: 'node:http alone', program: node('node-http.ts'), abilities: ['connect-json'] },
  ]
}

function lanesOf(lane: Lane): readonly BenchServer[] {
  return [
    {
      name: `portico-${lane}`,
      title: `Portico, ${lane} lane`,
      program: node('portico.ts', lane),
      abilities: ALL,
      ...(lane === 'reference' ? { workloads: REFERENCE_WORKLOADS } : {}),
    },
    {
      name: `portico-${lane}-log`,
      title: `Portico, ${lane} lane, access log on`,
      program: node('portico.ts', lane, '--access-log'),
      abilities: ALL,
      workloads: LOGGED_WORKLOADS,
    },
  ]
}

function node(file: string, ...args: readonly string[]): Program {
  return { program: process.execPath, args: [path.join(import.meta.dirname, file), ...args] }
}
