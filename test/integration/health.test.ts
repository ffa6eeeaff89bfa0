import { once } from 'node:events'
import { connect } from 'node:http2'
import { buffer } from 'node:stream/consumers'
import { create, toBinary } from '@bufbuild/protobuf'
import { createClient } from '@connectrpc/connect'
import { status } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import { protoPath } from 'grpc-health-check'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import {
  Health,
  HealthCheckRequestSchema,
  HealthCheckResponse_ServingStatus as WireStatus,
} from '../../gen/health/v1/health_pb.js'
import type { HealthStatus } from '../../server/services/health/health-status.ts'
import { envelope } from '../support/calls.ts'
import { type StartedApp, startRoutes } from '../support/demo-server.ts'
import { type Exchanged, type ExchangeInit, exchangeHttp1, exchangeHttp2, exchangeOn } from '../support/exchange.ts'
import { GrpcJsClient } from '../support/grpc-js-client.ts'
import { MATRIX, openTransport } from '../support/matrix.ts'
import { ServerProcess } from '../support/server-process.ts'

const HEALTH = 'grpc.health.v1.Health'
const DEFINITIONS = loadSync(protoPath, { enums: String, defaults: true })
const WATCHERS = 100

let health: HealthStatus
let server: StartedApp

beforeEach(async () => {
  // Every watcher has a stream, and there are checks beside them.
  server = await startRoutes({ routes: () => {}, listen: { maxConcurrentStreams: 2 * WATCHERS } })
  health = server.health
})

test('HC-6 a third-party client that watches receives each status on one stream, and leaves with CANCELLED', async () => {
  const client = new GrpcJsClient(server.port, DEFINITIONS)
  try {
    const stream = client.callServerStream(HEALTH, 'Watch', { service: 'a' })
    const statuses = stream[Symbol.asyncIterator]()
    expect(await statuses.next()).toMatchObject({ value: { status: 'SERVICE_UNKNOWN' } })
    for (const next of ['SERVING', 'NOT_SERVING', 'SERVING'] as const) {
      health.setStatus('a', next)
      expect(await statuses.next()).toMatchObject({ value: { status: next } })
    }
    stream.cancel()
    await expect(statuses.next()).rejects.toMatchObject({ code: status.CANCELLED })
    await expect.poll(() => health.watcherCount).toBe(0)
  } finally {
    client.close()
  }
})

test('HC-7 a check over gRPC, gRPC-Web and Connect gets the same body', async () => {
  health.setStatus('a', 'NOT_SERVING')
  const message = toBinary(HealthCheckRequestSchema, create(HealthCheckRequestSchema, { service: 'a' }))
  const answer = Buffer.from([0x08, WireStatus.NOT_SERVING])
  const grpc = await post('application/grpc+proto', envelope(message))
  expect(grpc).toEqual(envelope(answer))
  const grpcWeb = await post('application/grpc-web+proto', envelope(message))
  expect(grpcWeb.subarray(0, grpc.length)).toEqual(grpc)
  expect(grpcWeb[grpc.length]).toBe(0x80)
  expect(await post('application/proto', message)).toEqual(answer)
  expect((await post('application/json', Buffer.from('{"service":"a"}'))).toString()).toBe('{"status":"NOT_SERVING"}')
})

const OVER_HTTP2 = MATRIX.filter(({ httpVersion, isSecure, format }) => {
  return httpVersion === '2' && !isSecure && format === 'proto'
})

test.each(OVER_HTTP2)(
  'HC-8 100 watchers by $protocol receive each change once, and are released when they leave',
  async (row) => {
    const { transport, close } = openTransport(row, { port: server.port, ca: '' })
    const leaving = new AbortController()
    const client = createClient(Health, transport)
    try {
      const watchers = Array.from({ length: WATCHERS }, () => {
        return client.watch({}, { signal: leaving.signal })[Symbol.asyncIterator]()
      })
      const next = async () => {
        const results = await Promise.all(watchers.map((watcher) => watcher.next()))
        return new Set(results.map(({ value }) => value?.status))
      }
      expect(await next()).toEqual(new Set([WireStatus.SERVING]))
      expect(health.watcherCount).toBe(WATCHERS)
      for (const status of ['NOT_SERVING', 'SERVING'] as const) {
        health.setStatus('', status)
        expect(await next()).toEqual(new Set([WireStatus[status]]))
        health.setStatus('', status)
        // A call on the same connection comes back after whatever the watchers would be sent.
        await client.check({})
      }
      health.clearStatus('')
      expect(await next()).toEqual(new Set([WireStatus.SERVICE_UNKNOWN]))
      leaving.abort()
      await expect.poll(() => health.watcherCount).toBe(0)
    } finally {
      close()
    }
  },
)

/** A probe with a deadline of 1 s, in each protocol, and the status in its answer. */
const PROBES = {
  grpc: { type: 'application/grpc+proto', timeout: ['grpc-timeout', '1S'], body: envelope(Buffer.alloc(0)) },
  'gRPC-Web': { type: 'application/grpc-web+proto', timeout: ['grpc-timeout', '1S'], body: envelope(Buffer.alloc(0)) },
  'Connect JSON': { type: 'application/json', timeout: ['connect-timeout-ms', '1000'], body: '{}' },
} as const

function probeOf(name: keyof typeof PROBES): ExchangeInit {
  const { type, timeout, body } = PROBES[name]
  return { path: `/${HEALTH}/Check`, headers: { 'content-type': type, [timeout[0]]: timeout[1], te: 'trailers' }, body }
}

function statusOf({ headers, body }: Exchanged): unknown {
  if (headers['content-type'] === 'application/json') return JSON.parse(body.toString()).status
  // After the prefix of 5 bytes: the tag of the field, then its value.
  return WireStatus[body[6] ?? 0]
}

test('HC-11 during a drain probes get NOT_SERVING on old and new connections, before GOAWAY', async () => {
  const { server: process, origin } = await ServerProcess.listen(['--drain-delay', '12s'])
  const session = connect(origin)
  onTestFinished(() => session.destroy())
  const goaway = once(session, 'goaway')
  const order: unknown[] = []
  goaway.then(() => order.push('GOAWAY'))
  expect(statusOf(await exchangeOn(session, probeOf('grpc')))).toBe('SERVING')
  process.kill('SIGTERM')
  await expect.poll(async () => statusOf(await exchangeOn(session, probeOf('grpc')))).toBe('NOT_SERVING')
  const answers = (['grpc', 'gRPC-Web', 'Connect JSON'] as const).flatMap((name) => [
    exchangeOn(session, probeOf(name)),
    exchangeHttp2(origin, probeOf(name)),
    ...(name === 'grpc' ? [] : [exchangeHttp1(origin, probeOf(name))]),
  ])
  for (const answer of await Promise.all(answers)) order.push(statusOf(answer))
  await goaway
  expect(order).toEqual([...Array.from({ length: 8 }, () => 'NOT_SERVING'), 'GOAWAY'])
  expect(await process.exited).toBe(0)
})

/** Calls Check with a body of that type, and returns the body of the response. */
async function post(contentType: string, body: Uint8Array): Promise<Buffer> {
  const session = connect(server.origin)
  try {
    const request = session.request({ ':method': 'POST', ':path': `/${HEALTH}/Check`, 'content-type': contentType })
    request.end(body)
    const [headers] = await once(request, 'response')
    expect(headers).toMatchObject({ ':status': 200, 'content-type': contentType })
    return await buffer(request)
  } finally {
    session.destroy()
  }
}
