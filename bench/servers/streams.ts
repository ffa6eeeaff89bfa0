/** Streams: many short messages in each of the three streaming kinds, and one message at a time back and forth. */
import { type Exchange, enveloped } from '../exchange.ts'
import {
  DownloadRequestSchema,
  DownloadResponseSchema,
  EchoRequestSchema,
  EchoResponseSchema,
  UploadRequestSchema,
  UploadResponseSchema,
} from '../gen/bench/v1/bench_pb.js'
import { grpcGoLoad } from '../grpc-go-load.ts'
import { h2load, type LoadResult } from '../h2load.ts'
import { measureRate, rateColumns } from './measure-rate.ts'
import type { Ground, ServerWorkload } from './server-workload.ts'
import { GRPC_HEADERS } from './unary.ts'

const TEXT = 'x'.repeat(11)
const MESSAGES = 1_000
const CONNECTIONS = 4
const STREAMS = 8
const PING_PONG_STREAMS = 32
const SHARED = { columns: rateColumns('messages/s'), baseline: 'grpc-go', needs: 'grpc-streams' } as const
const BUSY_NOTE = 'Where the core is not busy, the client is the limit: compare the messages per CPU second.'

const DOWNLOAD = downloadOf(TEXT, MESSAGES)
const UPLOAD = uploadOf(TEXT, MESSAGES)
/** An echo of one message, used to check all echo workloads. */
export const ECHO = echoOf(TEXT)

/** The workloads of this file. */
export const streamWorkloads: readonly ServerWorkload[] = [
  {
    ...SHARED,
    name: 'server-stream',
    title: 'Server stream',
    explanation: `Streams of ${MESSAGES} messages of 11 bytes. h2load with ${CONNECTIONS} connections of ${STREAMS} streams each.`,
    exchange: DOWNLOAD,
    measure: (ground) => measureRate(ground, (seconds) => download(ground, seconds)),
  },
  {
    ...SHARED,
    name: 'client-stream',
    title: 'Client stream',
    explanation: `Streams of ${MESSAGES} messages of 11 bytes, answered with their count. A grpc-go client with ${CONNECTIONS} connections of ${STREAMS} streams each. ${BUSY_NOTE}`,
    exchange: UPLOAD,
    measure: (ground) => measureRate(ground, (seconds) => streamByGrpcGo(ground, 'upload', seconds)),
  },
  {
    ...SHARED,
    name: 'bidi-stream',
    title: 'Bidirectional stream',
    explanation: `Streams of ${MESSAGES} messages of 11 bytes that come back one by one, while the client goes on sending; counted once each. A grpc-go client with ${CONNECTIONS} connections of ${STREAMS} streams each. ${BUSY_NOTE}`,
    exchange: ECHO,
    measure: (ground) => measureRate(ground, (seconds) => streamByGrpcGo(ground, 'echo', seconds)),
  },
  {
    ...SHARED,
    name: 'ping-pong',
    title: 'Ping-pong',
    explanation: `${PING_PONG_STREAMS} streams on ${CONNECTIONS} connections, a message of 11 bytes on each, sent again once it is back. A grpc-go client. ${BUSY_NOTE}`,
    exchange: ECHO,
    measure: (ground) => measureRate(ground, (seconds) => streamByGrpcGo(ground, 'ping-pong', seconds)),
  },
]

async function download({ server, folder }: Ground, seconds: number): Promise<LoadResult> {
  const [connections, streams] = [CONNECTIONS, STREAMS]
  const calls = await h2load({ exchange: DOWNLOAD, address: server.address, connections, streams, seconds, folder })
  // Bytes include the messages of streams that are still open at the end of the time.
  return { ...calls, operations: (calls.dataBytes / DOWNLOAD.reply.length) * MESSAGES }
}

function streamByGrpcGo(ground: Ground, workload: 'upload' | 'echo' | 'ping-pong', seconds: number) {
  return grpcGoLoad({
    program: ground.grpcGoLoad,
    address: ground.server.address,
    workload,
    connections: CONNECTIONS,
    streams: workload === 'ping-pong' ? PING_PONG_STREAMS : CONNECTIONS * STREAMS,
    messages: MESSAGES,
    seconds,
  })
}

/** A server stream of this many messages with the text. */
export function downloadOf(text: string, count: number): Exchange {
  const request = enveloped(DownloadRequestSchema, { count, text })
  return exchangeOf('Download', request, repeated(enveloped(DownloadResponseSchema, { text }), count))
}

/** A client stream of this many messages with the text. */
export function uploadOf(text: string, count: number): Exchange {
  const request = repeated(enveloped(UploadRequestSchema, { text }), count)
  return exchangeOf('Upload', request, enveloped(UploadResponseSchema, { count }))
}

/** A bidirectional stream of one message with the text. */
export function echoOf(text: string): Exchange {
  return exchangeOf('Echo', enveloped(EchoRequestSchema, { text }), enveloped(EchoResponseSchema, { text }))
}

function exchangeOf(method: string, request: Buffer, reply: Buffer): Exchange {
  return { path: `/bench.v1.BenchService/${method}`, headers: GRPC_HEADERS, request, reply, http1: false }
}

function repeated(bytes: Buffer, times: number): Buffer {
  return Buffer.concat(Array.from({ length: times }, () => bytes))
}
