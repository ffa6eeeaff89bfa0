import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { Code } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import type { SubchannelChange } from '../../../../../client/node/contracts/subchannel.ts'
import { HealthChecks } from '../../../../../client/node/health/health-checks.ts'
import { ownRequests } from '../../../../../client/node/subchannel/own-requests.ts'
import {
  HealthCheckRequestSchema,
  HealthCheckResponseSchema,
  HealthCheckResponse_ServingStatus as Status,
} from '../../../../../gen/health/v1/health_pb.js'
import { ErrorCode } from '../../../../../wire/http2/http2.ts'
import type { FakeStream } from '../../../../support/fake-stream.ts'
import { openFakeSubchannel } from '../../../../support/fake-subchannel.ts'
import { NO_CREDENTIALS } from '../../../../support/no-credentials.ts'
import { settled } from '../../../../support/settled.ts'

/** A connected subchannel whose health is watched. */
async function connected(serviceName: string | null = 'greeter') {
  const bench = open(serviceName)
  bench.subchannel.connect()
  bench.connector.last.succeed()
  await settled()
  bench.watch()
  await settled()
  return bench
}

function open(serviceName: string | null) {
  const warnings: string[] = []
  const checks = new HealthChecks((message) => warnings.push(message))
  checks.serviceName = serviceName
  const { clock, connector, subchannel } = openFakeSubchannel({
    health: checks,
    headOf: ownRequests({
      isTls: false,
      authority: 'test',
      pathPrefix: '/base',
      userAgent: 'test',
      authenticator: NO_CREDENTIALS,
    }),
  })
  const heard: SubchannelChange[] = []
  return {
    clock,
    connector,
    checks,
    subchannel,
    heard,
    warnings,
    watch: () => subchannel.watchHealth((change) => heard.push(change)),
    /** Returns the recorded calls, and clears them. */
    take: () => heard.splice(0).map(({ state }) => state),
    /** The last watch of the last connection. */
    stream(): FakeStream {
      const stream = connector.last.streams.at(-1)
      return stream ?? expect.unreachable('no request was sent')
    },
  }
}

async function say(stream: FakeStream, status: Status): Promise<void> {
  stream.answer(toBinary(HealthCheckResponseSchema, create(HealthCheckResponseSchema, { status })))
  await settled()
}

async function end(stream: FakeStream, code: number): Promise<void> {
  stream.finish(code)
  await settled()
}

describe('the request', () => {
  test('names the service of the service config, by the standard method', async () => {
    const { stream } = await connected('greeter')
    expect(stream().head).toMatchObject({ ':path': '/base/grpc.health.v1.Health/Watch', ':authority': 'test' })
    expect(fromBinary(HealthCheckRequestSchema, stream().message).service).toBe('greeter')
  })

  test('names the whole server for an empty name', async () => {
    const { stream } = await connected('')
    expect(fromBinary(HealthCheckRequestSchema, stream().message).service).toBe('')
  })

  test('is not sent without a service, and connected means READY', async () => {
    const { connector, take } = await connected(null)
    expect(take()).toEqual(['READY'])
    expect(connector.last.streams).toEqual([])
  })

  test('is not sent while the health is not watched', async () => {
    const { subchannel, connector } = open('greeter')
    subchannel.connect()
    connector.last.succeed()
    await settled()
    expect(connector.last.streams).toEqual([])
  })

  test('waits for stream capacity of the server', async () => {
    const { subchannel, connector, watch, take, stream } = open('greeter')
    watch()
    subchannel.connect()
    connector.last.canRequest = false
    connector.last.succeed()
    await settled()
    expect(take()).toEqual(['IDLE', 'CONNECTING', 'CONNECTING'])
    expect(connector.last.streams).toEqual([])
    connector.last.makeRoom()
    await say(stream(), Status.SERVING)
    expect(take()).toEqual(['READY'])
  })
})

describe('the reported state', () => {
  test('is CONNECTING until the first response, and then what the server says', async () => {
    const { take, heard, stream } = await connected()
    expect(take()).toEqual(['CONNECTING'])
    await say(stream(), Status.SERVING)
    await say(stream(), Status.NOT_SERVING)
    expect(heard.at(-1)?.error).toMatchObject({
      code: Code.Unavailable,
      rawMessage: '192.0.2.1:80 is not healthy: NOT_SERVING',
    })
    await say(stream(), Status.SERVING)
    await say(stream(), Status.SERVICE_UNKNOWN)
    await say(stream(), Status.UNKNOWN)
    expect(take()).toEqual(['READY', 'TRANSIENT_FAILURE', 'READY', 'TRANSIENT_FAILURE', 'TRANSIENT_FAILURE'])
  })

  test('is the raw connectivity while that is not READY', async () => {
    const { connector, subchannel, take, stream } = await connected()
    await say(stream(), Status.SERVING)
    take()
    connector.last.leave()
    await settled()
    subchannel.connect()
    connector.last.fail()
    await settled()
    expect(take()).toEqual(['IDLE', 'CONNECTING', 'TRANSIENT_FAILURE'])
  })

  test('is not reported after the watch stops', async () => {
    const { subchannel, connector, watch, take, stream } = open('greeter')
    const stop = watch()
    subchannel.connect()
    connector.last.succeed()
    await settled()
    take()
    stop()
    await say(stream(), Status.SERVING)
    expect(take()).toEqual([])
    expect(stream().resetCode).toBe(ErrorCode.CANCEL)
  })
})

describe('a watch stream that ends', () => {
  test.each([
    ['with an error', Code.Internal],
    ['with OK', 0],
  ])('%s is TRANSIENT_FAILURE, and is retried with the connection backoff', async (_how, code) => {
    const { clock, connector, take, stream } = await connected()
    take()
    for (const [attempt, delayMs] of [1_000, 1_600, 2_560].entries()) {
      await end(stream(), code)
      expect(take()).toEqual(['TRANSIENT_FAILURE'])
      clock.advance(delayMs - 1)
      expect(connector.last.streams).toHaveLength(attempt + 1)
      clock.advance(1)
      await settled()
      expect(connector.last.streams).toHaveLength(attempt + 2)
      expect(take()).toEqual(['CONNECTING'])
    }
  })

  test('is restarted at once if it delivered a message, with the backoff reset', async () => {
    const { clock, connector, take, stream } = await connected()
    await end(stream(), Code.Internal)
    clock.advance(1_000)
    await say(stream(), Status.SERVING)
    take()
    stream().fail({ source: 'peer', code: ErrorCode.INTERNAL_ERROR })
    await settled()
    clock.advance(0)
    await settled()
    expect(take()).toEqual(['TRANSIENT_FAILURE', 'CONNECTING'])
    expect(connector.last.streams).toHaveLength(3)
    await end(stream(), Code.Internal)
    clock.advance(999)
    expect(connector.last.streams).toHaveLength(3)
    clock.advance(1)
    expect(connector.last.streams).toHaveLength(4)
  })

  test('does not count an invalid message as delivered', async () => {
    const { clock, connector, take, stream } = await connected()
    take()
    const first = stream()
    first.answer(Uint8Array.of(0x0f))
    await settled()
    expect(first.resetCode).toBe(ErrorCode.CANCEL)
    clock.advance(999)
    expect(connector.last.streams).toHaveLength(1)
    expect(take()).toEqual(['TRANSIENT_FAILURE'])
  })

  test.each([
    ['UNIMPLEMENTED', (stream: FakeStream) => stream.finish(Code.Unimplemented)],
    ['HTTP 404', (stream: FakeStream) => stream.respondHead(404)],
  ])('with %s leaves the server READY, unwatched, with one warning', async (_what, answer) => {
    const { clock, connector, take, stream, warnings, watch } = await connected()
    take()
    answer(stream())
    await settled()
    clock.advance(1_000_000)
    expect(take()).toEqual(['READY'])
    expect(connector.last.streams).toHaveLength(1)
    watch()
    answer(stream())
    expect(warnings).toEqual([expect.stringContaining('192.0.2.1:80 does not support grpc.health.v1.Health')])
  })
})

describe('a watch ends with its connection:', () => {
  test('on GOAWAY or connection loss, and the next connection starts a new one', async () => {
    const { clock, connector, subchannel, take, stream } = await connected()
    await say(stream(), Status.SERVING)
    take()
    const first = stream()
    connector.last.leave()
    expect(first.resetCode).toBe(ErrorCode.CANCEL)
    expect(clock.pending).toBe(0)
    subchannel.connect()
    connector.last.succeed()
    await settled()
    await say(stream(), Status.SERVING)
    expect(take()).toEqual(['IDLE', 'CONNECTING', 'CONNECTING', 'READY'])
  })

  test('a stream that learns of it first reports no health', async () => {
    const { clock, connector, take, stream } = await connected()
    await say(stream(), Status.SERVING)
    take()
    stream().fail({ source: 'connection' })
    connector.last.leave()
    await settled()
    expect(take()).toEqual(['IDLE'])
    expect(clock.pending).toBe(0)
  })

  test('shutdown', async () => {
    const { clock, subchannel, stream } = await connected()
    await end(stream(), Code.Internal)
    subchannel.shutdown()
    expect(clock.pending).toBe(0)
    const second = await connected()
    second.subchannel.shutdown()
    expect(second.stream().resetCode).toBe(ErrorCode.CANCEL)
  })
})

describe('a new service config applies to open connections:', () => {
  test('another service gets a new watch in place of the first', async () => {
    const { checks, take, stream } = await connected('greeter')
    await say(stream(), Status.SERVING)
    take()
    const first = stream()
    checks.serviceName = 'other'
    await settled()
    expect(first.resetCode).toBe(ErrorCode.CANCEL)
    expect(fromBinary(HealthCheckRequestSchema, stream().message).service).toBe('other')
    expect(take()).toEqual(['CONNECTING'])
  })

  test('no service ends the watch', async () => {
    const { checks, connector, take, stream } = await connected('greeter')
    await say(stream(), Status.NOT_SERVING)
    take()
    checks.serviceName = null
    await settled()
    expect(stream().resetCode).toBe(ErrorCode.CANCEL)
    expect(take()).toEqual(['READY'])
    expect(connector.last.streams).toHaveLength(1)
  })

  test('the same service changes nothing', async () => {
    const { checks, connector, take, stream } = await connected('greeter')
    take()
    checks.serviceName = 'greeter'
    await settled()
    expect([take(), stream().resetCode, connector.last.streams.length]).toEqual([[], undefined, 1])
  })
})
