/** Memory that hostile peers can occupy with compressed or unread messages, measured in a child process. */
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { zstd } from '../../wire/compression/compression.ts'
import { EnvelopeFlag, envelop } from '../../wire/envelope.ts'
import { isDeep, oneOfEach } from '../support/depth.ts'
import { BOMB_BYTES, type BombEncoding, type BombKind, createBomb, createCall } from '../support/inflating/bombs.ts'
import { callOverHttp1, callOverHttp2, callWithoutReading } from '../support/inflating/call-at-once.ts'
import { startPeakProcess } from '../support/inflating/peak-process.ts'

const MIB = 1_048_576

/** What the process under test may hold. */
const BUDGET_BYTES = 64 * MIB

/** Above the budget: what decoding makes of a message, and garbage that is not collected yet. */
const SLACK_BYTES = 384 * MIB

async function startServer(...options: 'routed'[]) {
  const server = await startPeakProcess<{ port: number }>('peak-server.ts', [String(BUDGET_BYTES), ...options])
  const heldBytes = async () => (await server.measure()).heldBytes
  return {
    port: server.started.port,
    async expectBounded() {
      const { peakBytes } = await server.measure()
      expect(peakBytes - server.idle.peakBytes).toBeLessThan(BUDGET_BYTES + SLACK_BYTES)
    },
    heldBytes,
    untilFree: () => expect.poll(heldBytes, { timeout: 10_000 }).toBe(0),
  }
}

/** The one that inflates to most, where this Node has it. */
const ZSTD: BombEncoding = zstd === undefined ? 'gzip' : 'zstd'

const protocolOf = (kind: BombKind) => kind.slice(0, kind.indexOf(' '))

const OVER_HTTP2: readonly (readonly [BombKind, BombEncoding])[] = [
  ['gRPC unary', ZSTD],
  ['gRPC unary', 'gzip'],
  ['gRPC unary', 'br'],
  ['gRPC server stream', ZSTD],
  ['gRPC client stream', 'gzip'],
  ['gRPC-Web text unary', 'gzip'],
  ['Connect unary', 'gzip'],
  ['Connect server stream', ZSTD],
]

const OVER_HTTP1: readonly (readonly [BombKind, BombEncoding])[] = [
  ['Connect unary', ZSTD],
  ['gRPC-Web unary', 'br'],
]

describe('100 simultaneous messages that inflate to 4 MiB each', { timeout: 60_000 }, () => {
  test.each(oneOfEach(OVER_HTTP2, ([kind]) => protocolOf(kind)))(
    '%s, %s, on one HTTP/2 connection: all are answered',
    async (kind, encoding) => {
      const server = await startServer()
      const outcomes = await callOverHttp2(server.port, createBomb(kind, encoding, 'prompt'), 100)
      expect(new Set(outcomes)).toEqual(new Set(['ok']))
      await server.expectBounded()
      await server.untilFree()
    },
  )

  test.each(OVER_HTTP1)('%s, %s, on one HTTP/1.1 connection each: all are answered', async (kind, encoding) => {
    const server = await startServer()
    const outcomes = await callOverHttp1(server.port, createBomb(kind, encoding, 'prompt'), 100)
    expect(new Set(outcomes)).toEqual(new Set(['ok']))
    await server.expectBounded()
    await server.untilFree()
  })
})

test.each<BombKind>(['gRPC unary', 'Connect unary', 'gRPC server stream'])(
  '%s: 100 such messages that run through Fastify hooks are all answered',
  { timeout: 60_000 },
  async (kind) => {
    const server = await startServer('routed')
    const outcomes = await callOverHttp2(server.port, createBomb(kind, 'gzip', 'prompt'), 100)
    expect(new Set(outcomes)).toEqual(new Set(['ok']))
    await server.expectBounded()
    await server.untilFree()
  },
)

test('six connections of 100 such messages: all are answered', { timeout: 60_000 }, async () => {
  const server = await startServer()
  const bomb = createBomb('gRPC unary', ZSTD, 'prompt')
  const outcomes = await Promise.all(Array.from({ length: 6 }, () => callOverHttp2(server.port, bomb, 100)))
  expect(new Set(outcomes.flat())).toEqual(new Set(['ok']))
  await server.expectBounded()
  await server.untilFree()
})

test.each<BombKind>(isDeep ? ['gRPC unary', 'Connect server stream'] : ['gRPC unary'])(
  '%s: handlers that keep such messages keep half of what the process may hold; others are refused',
  {
    timeout: 60_000,
  },
  async (kind) => {
    const server = await startServer()
    void callOverHttp2(server.port, createBomb(kind, ZSTD, 'hold'), 100)
    await expect.poll(server.heldBytes, { timeout: 20_000 }).toBeGreaterThan(BUDGET_BYTES / 2 - BOMB_BYTES)
    const bomb = createBomb('gRPC unary', 'gzip', 'prompt')
    const late = callOverHttp2(server.port, bomb, 1)
    const short = { ...bomb, body: envelop(EnvelopeFlag.COMPRESSED, gzipSync(Buffer.alloc(0))) }
    expect(await callOverHttp2(server.port, short, 1)).toEqual(['ok'])
    expect(await late).toEqual(['exhausted'])
    await server.expectBounded()
  },
)

describe('responses of 4 MB', { timeout: 60_000 }, () => {
  const SHORT = Buffer.alloc(0)

  test.each(
    oneOfEach<BombKind>(
      ['gRPC unary', 'gRPC server stream', 'gRPC-Web text unary', 'Connect unary', 'Connect server stream'],
      protocolOf,
    ),
  )('%s: 80 on two connections that are not read stay within the process limit', async (kind) => {
    const server = await startServer()
    const call = createCall(kind, SHORT, 'large')
    await Promise.all([1, 2].map(() => callWithoutReading(server.port, call, 40)))
    expect(await server.heldBytes()).toBeLessThanOrEqual(BUDGET_BYTES)
    await server.expectBounded()
  })

  test('Connect unary: 40 on one HTTP/1.1 connection each stay within the limit, and those above it are rejected', async () => {
    const server = await startServer()
    const outcomes = await callOverHttp1(server.port, createCall('Connect unary', SHORT, 'large'), 40)
    expect(outcomes.filter((outcome) => outcome !== 'ok' && outcome !== 'exhausted')).toEqual([])
    await server.expectBounded()
    await server.untilFree()
  })

  test.each<BombKind>(['gRPC server stream', 'Connect server stream'])(
    '%s: 40 on one connection wait for their reader, and arrive complete',
    async (kind) => {
      const server = await startServer()
      const outcomes = await callOverHttp2(server.port, createCall(kind, SHORT, 'large'), 40)
      expect(new Set(outcomes)).toEqual(new Set(['ok']))
      await server.expectBounded()
      await server.untilFree()
    },
  )
})
