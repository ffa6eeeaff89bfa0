/** Which server answers which calls, and how each is measured. */
import { deepStrictEqual } from 'node:assert'
import { callByHttp1, checkExchange, type Exchange } from '../exchange.ts'
import { h2load, type LoadResult } from '../h2load.ts'
import { measureRate, rateColumns } from '../servers/measure-rate.ts'
import { SMALL_CALL } from '../servers/unary.ts'
import type { RunningServer } from '../start-server.ts'
import type { Cell, Plan, Workload } from '../workload.ts'
import {
  CONNECT_GET_CALL,
  CONNECT_POST_CALL,
  GET_CALL,
  GET_PATHS,
  GRPC_STREAM,
  type JsonCall,
  POST_CALL,
  STREAM_CALL,
  STREAM_MESSAGES,
} from './rest-exchanges.ts'

/** One call at a time per connection of HTTP/1.1. */
const UNARY = { connections: 32, streams: 1 }
const HTTP2_UNARY = { connections: 1, streams: 32 }
const STREAMS = { connections: 4, streams: 8 }
const HTTP1_STREAMS = { connections: 32, streams: 1 }

const GET: Workload = {
  name: 'rest-get',
  title: 'GET with a variable in the path',
  explanation: 'SayHello with a name of 11 bytes over HTTP/1.1. h2load with 32 connections of one call each.',
  columns: rateColumns('calls/s'),
  baseline: 'fastify',
}

const GET_EACH: Workload = {
  ...GET,
  name: 'rest-get-each',
  title: 'GET with another value of the variable each time',
  explanation: 'As above, with 10,000 names that take turns, so that no head is like the one before.',
}

const POST: Workload = {
  name: 'rest-post',
  title: 'POST with a variable in the path and a body',
  explanation:
    'CreateBook with ten fields, which come back, over HTTP/1.1. h2load with 32 connections of one call each.',
  columns: rateColumns('calls/s'),
  baseline: 'fastify',
}

const STREAM: Workload = {
  name: 'rest-stream',
  title: 'Server stream',
  explanation: `WatchShelf with ${STREAM_MESSAGES} events of 11 bytes. h2load with 32 streams: over HTTP/2 4 connections of 8 streams each.`,
  columns: rateColumns('messages/s'),
  baseline: 'grpc',
}

/** The servers. */
export interface RestServers {
  readonly portico: RunningServer
  readonly fastify: RunningServer
  readonly envoy: RunningServer
}

/** How a cell is measured. */
interface Measure {
  readonly server: RunningServer
  readonly load: { readonly connections: number; readonly streams: number }
  /** JSON that is compared by value, or an exchange that is compared by bytes. */
  readonly call: JsonCall | Exchange
  /** Default: HTTP/1.1, or that of the exchange. */
  readonly isHttp2?: boolean
  /** See `H2loadOptions`. */
  readonly paths?: readonly string[]
}

/** Creates the cells, in the order of the report. Rejects if a server answers a call wrongly. */
export async function createRestCells(
  { portico, fastify, envoy }: RestServers,
  options: { plan: Plan; folder: string },
): Promise<readonly Cell[]> {
  const cell = (workload: Workload, [contestant, title]: readonly [string, string], measure: Measure) =>
    createCell({ workload, contestant, title }, measure, options)
  const rest = ['rest', 'Portico, REST'] as const
  const connect = ['connect', 'Portico, Connect with JSON'] as const
  const plain = ['fastify', 'Fastify with schemas'] as const
  const transcoded = ['envoy', "Envoy's transcoder before Portico"] as const
  return Promise.all([
    cell(GET, rest, { server: portico, load: UNARY, call: GET_CALL }),
    cell(GET, connect, { server: portico, load: UNARY, call: CONNECT_GET_CALL }),
    cell(GET, plain, { server: fastify, load: UNARY, call: GET_CALL }),
    cell(GET, transcoded, { server: envoy, load: UNARY, call: GET_CALL }),
    cell(GET, ['grpc', 'Portico, gRPC'], { server: portico, load: HTTP2_UNARY, call: SMALL_CALL }),
    cell(GET_EACH, rest, { server: portico, load: UNARY, call: GET_CALL, paths: GET_PATHS }),
    cell(GET_EACH, plain, { server: fastify, load: UNARY, call: GET_CALL, paths: GET_PATHS }),
    cell(GET_EACH, transcoded, { server: envoy, load: UNARY, call: GET_CALL, paths: GET_PATHS }),
    cell(POST, rest, { server: portico, load: UNARY, call: POST_CALL }),
    cell(POST, connect, { server: portico, load: UNARY, call: CONNECT_POST_CALL }),
    cell(POST, plain, { server: fastify, load: UNARY, call: POST_CALL }),
    cell(POST, transcoded, { server: envoy, load: UNARY, call: POST_CALL }),
    cell(STREAM, ['rest', 'Portico, NDJSON over HTTP/2'], {
      ...{ server: portico, load: STREAMS, call: STREAM_CALL, isHttp2: true },
    }),
    cell(STREAM, ['rest-http1', 'Portico, NDJSON over HTTP/1.1'], {
      ...{ server: portico, load: HTTP1_STREAMS, call: STREAM_CALL },
    }),
    cell(STREAM, ['grpc', 'Portico, gRPC'], { server: portico, load: STREAMS, call: GRPC_STREAM }),
    cell(STREAM, transcoded, { server: envoy, load: HTTP1_STREAMS, call: STREAM_CALL }),
  ])
}

async function createCell(
  names: Omit<Cell, 'measure'>,
  { server, load, call, isHttp2 = false, paths }: Measure,
  { plan, folder }: { plan: Plan; folder: string },
): Promise<Cell> {
  const exchange = await checkCall(server, call, isHttp2)
  const { address } = server
  const request = { exchange, address, ...load, folder, ...(paths && { paths }) }
  const ground = { server, plan, folder, grpcGoLoad: '', start: () => Promise.reject(new Error('not supported')) }
  return {
    ...names,
    measure: () =>
      measureRate(ground, async (seconds) =>
        operationsOf(await h2load({ ...request, seconds }), names.workload, exchange),
      ),
  }
}

/** Checks the reply of a server, and returns the call with this reply. */
async function checkCall({ address }: RunningServer, call: JsonCall | Exchange, isHttp2: boolean): Promise<Exchange> {
  if ('reply' in call) {
    await checkExchange(address, call)
    return call
  }
  const reply = await callByHttp1(address, call)
  deepStrictEqual(readJson(reply.toString()), call.value)
  const { path, headers, request } = call
  return { path, headers, request, reply, http1: !isHttp2 }
}

/** Reads a value, an array, or a value per line. */
function readJson(text: string): unknown {
  const lines = text.trimEnd().split('\n')
  return lines.length === 1 ? JSON.parse(text) : lines.map((line) => JSON.parse(line))
}

/** Counts messages by bytes, which include those of streams that are open at the end of the time. */
function operationsOf(result: LoadResult & { dataBytes: number }, workload: Workload, { reply }: Exchange): LoadResult {
  if (workload !== STREAM) return result
  return { ...result, operations: (result.dataBytes / reply.length) * STREAM_MESSAGES }
}
