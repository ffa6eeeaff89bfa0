/** Unary calls: SayHello in three sizes, with headers that differ from call to call, and over HTTP/1.1. */
import { SayHelloRequestSchema, SayHelloResponseSchema } from '../../gen/greeter/v1/greeter_pb.js'
import { type Exchange, enveloped } from '../exchange.ts'
import { grpcGoLoad } from '../grpc-go-load.ts'
import { h2load } from '../h2load.ts'
import { measureRate, rateColumns } from './measure-rate.ts'
import type { Ground, ServerWorkload } from './server-workload.ts'

const PATH = '/greeter.v1.GreeterService/SayHello'
const SMALL_BYTES = 11
const CONNECTIONS = 8
const STREAMS = 32
/** One call at a time per HTTP/1.1 connection. */
const HTTP1_CONNECTIONS = 32

/** The headers of gRPC. */
export const GRPC_HEADERS = { 'content-type': 'application/grpc+proto', te: 'trailers' }

/** The smallest call over gRPC. */
export const SMALL_CALL = sayHelloOf(SMALL_BYTES)

/** The workloads of this file. */
export const unaryWorkloads: readonly ServerWorkload[] = [
  {
    name: 'headers',
    title: 'Unary, 11 bytes, fresh headers',
    explanation: `SayHello over gRPC with a name of 11 bytes, and with another \`traceparent\`, \`x-request-id\` and \`grpc-timeout\` on every call, so that no header block is seen twice. A grpc-go client with ${CONNECTIONS} connections of ${STREAMS} calls each. Where the core is not busy, the client is the limit: compare the calls per CPU second.`,
    columns: rateColumns('calls/s'),
    baseline: 'grpc-go',
    needs: 'grpc-unary',
    exchange: SMALL_CALL,
    measure: (ground) => measureRate(ground, (seconds) => varyHeaders(ground, seconds)),
  },
  ...[
    { name: 'unary-11', size: '11 bytes', exchange: SMALL_CALL },
    { name: 'unary-1k', size: '1 KiB', exchange: sayHelloOf(1_024) },
    { name: 'unary-16k', size: '16 KiB', exchange: sayHelloOf(16_384) },
  ].map(
    ({ name, size, exchange }): ServerWorkload => ({
      name,
      title: `Unary, ${size}`,
      explanation: `SayHello over gRPC with a name of ${size}, which comes back in the greeting, and the same headers on every call. h2load with ${CONNECTIONS} connections of ${STREAMS} calls each.`,
      columns: rateColumns('calls/s'),
      baseline: 'grpc-go',
      needs: 'grpc-unary',
      exchange,
      measure: (ground) => measureSmallCalls(ground, exchange),
    }),
  ),
  {
    name: 'connect-json',
    title: 'Connect with JSON over HTTP/1.1',
    explanation: `SayHello by POST with a name of ${SMALL_BYTES} bytes. h2load with ${HTTP1_CONNECTIONS} connections of one call each.`,
    columns: rateColumns('calls/s'),
    baseline: 'fastify',
    needs: 'connect-json',
    exchange: connectJson(),
    measure: (ground) => measureSmallCalls(ground, connectJson()),
  },
  {
    name: 'grpc-web',
    title: 'gRPC-Web over HTTP/1.1',
    explanation: `SayHello with a name of ${SMALL_BYTES} bytes. h2load with ${HTTP1_CONNECTIONS} connections of one call each.`,
    columns: rateColumns('calls/s'),
    baseline: 'portico-reference',
    needs: 'grpc-web',
    exchange: grpcWeb(),
    measure: (ground) => measureSmallCalls(ground, grpcWeb()),
  },
]

/** SayHello over gRPC with a name of this many bytes. */
export function sayHelloOf(bytes: number): Exchange {
  const name = 'x'.repeat(bytes)
  return {
    path: PATH,
    headers: GRPC_HEADERS,
    request: enveloped(SayHelloRequestSchema, { name }),
    reply: enveloped(SayHelloResponseSchema, { message: `Hello ${name}` }),
    http1: false,
  }
}

function connectJson(): Exchange {
  const name = 'x'.repeat(SMALL_BYTES)
  return {
    path: PATH,
    headers: { 'content-type': 'application/json' },
    request: Buffer.from(JSON.stringify({ name })),
    reply: Buffer.from(JSON.stringify({ message: `Hello ${name}` })),
    http1: true,
  }
}

/** The call over gRPC-Web, whose trailers are the last envelope. */
function grpcWeb(): Exchange {
  const trailers = Buffer.from('grpc-status: 0\r\n')
  const envelope = Buffer.from([0x80, 0, 0, 0, trailers.length])
  return {
    ...SMALL_CALL,
    headers: { 'content-type': 'application/grpc-web+proto' },
    reply: Buffer.concat([SMALL_CALL.reply, envelope, trailers]),
    http1: true,
  }
}

function measureSmallCalls(ground: Ground, exchange: Exchange) {
  const [connections, streams] = exchange.http1 ? [HTTP1_CONNECTIONS, 1] : [CONNECTIONS, STREAMS]
  const { address } = ground.server
  return measureRate(ground, (seconds) =>
    h2load({ exchange, address, connections, streams, seconds, folder: ground.folder }),
  )
}

function varyHeaders({ server, grpcGoLoad: program }: Ground, seconds: number) {
  const [connections, streams] = [CONNECTIONS, CONNECTIONS * STREAMS]
  return grpcGoLoad({ program, address: server.address, workload: 'headers', connections, streams, seconds })
}
