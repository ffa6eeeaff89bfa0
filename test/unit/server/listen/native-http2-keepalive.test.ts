/** A port pings silent clients, and ends connections that are idle or too old (gRFC A9). Time is the test's. */
import { describe, expect, onTestFinished, test } from 'vitest'
import { ConnectionAges } from '../../../../server/listen/connection-ages.ts'
import { HostGuard } from '../../../../server/listen/host-guard.ts'
import {
  normalizeKeepaliveOptions,
  pingPolicyOf,
  type ServerKeepaliveOptions,
} from '../../../../server/listen/keepalive-options.ts'
import { NativeHttp2Front } from '../../../../server/listen/native-http2-front.ts'
import { PortCalls } from '../../../../server/listen/port-calls.ts'
import { SILENT_LOG } from '../../../../server/observing/port-log.ts'
import type { NodeResponse } from '../../../../server/rpc/exchange/node-request.ts'
import { FrameFlag as F, FrameType as T } from '../../../../wire/http2/frame.ts'
import { normalizeHttp2Options, type PingPolicy } from '../../../../wire/http2/http2.ts'
import { TimerWheel } from '../../../../wire/http2/timer-wheel.ts'
import type { Frame } from '../../../support/http2-frames.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { RawPeer, socketPair } from '../../../support/raw-http2.ts'
import { SeededRandom } from '../../../support/seeded-random.ts'
import { GET, POST } from '../../wire/http2/harness.ts'

const HOUR = 3_600_000
const MAX_STREAM_ID = 2 ** 31 - 1

interface FrontOptions extends ServerKeepaliveOptions {
  readonly idleTimeoutMs?: number
  /** Default: none, as tests ping at any time. */
  readonly pingPolicy?: PingPolicy
}

const isPing = ({ type, flags }: Frame) => type === T.PING && flags === F.NONE
const isGoaway = ({ type }: Frame) => type === T.GOAWAY

/** A GOAWAY as [last stream id, code, debug data]. */
function goawaysOf(peer: RawPeer): readonly (readonly [number, number, string])[] {
  return peer.frames
    .filter(isGoaway)
    .map(({ payload }) => [payload.readUInt32BE(0), payload.readUInt32BE(4), payload.toString('latin1', 8)] as const)
}

async function connectRaw({ idleTimeoutMs = 0, pingPolicy, ...keepalive }: FrontOptions) {
  const clock = new ManualClock()
  const responses: NodeResponse[] = []
  const front = new NativeHttp2Front({
    calls: new PortCalls(),
    hosts: new HostGuard(true, SILENT_LOG),
    http2: normalizeHttp2Options('server', { timers: new TimerWheel(clock), pingPolicy }),
    idleTimeoutMs,
    keepalive: normalizeKeepaliveOptions(keepalive).resolved,
    random: () => 0.5,
    serve: (_request, response) => void responses.push(response),
  })
  const { near, far } = await socketPair()
  near.on('error', () => {})
  onTestFinished(() => void near.destroy())
  front.accept(near)
  const peer = new RawPeer(far, false)
  onTestFinished(() => peer.close())
  peer.hello({ isClient: true })
  await peer.settled()
  /** Opens a stream, and returns a function that ends it. */
  const openStream = async (id = 1, fields = GET) => {
    peer.headers(id, fields, F.END_HEADERS | F.END_STREAM)
    await expect.poll(() => responses.length).toBeGreaterThan(0)
    const response = responses.pop()
    return () => response?.end('done')
  }
  const answerPing = async (nth: number) => {
    const { payload } = await peer.frame(isPing, nth)
    peer.send(T.PING, F.ACK, 0, payload)
  }
  const isOver = ({ flags, streamId }: Frame) => streamId > 0 && (flags & F.END_STREAM) !== 0
  return { clock, peer, openStream, answerPing, isOver }
}

describe('a client that goes silent', () => {
  test.each([true, false])('KA-1 is disconnected after time plus timeout; with a call: %s', async (hasCall) => {
    const { clock, peer, openStream } = await connectRaw({ timeMs: 10_000, timeoutMs: 5_000 })
    if (hasCall) await openStream()
    await peer.settled()
    clock.advance(9_900)
    await peer.settled()
    expect(peer.frames.filter(isPing)).toEqual([])
    clock.advance(10_000)
    await peer.frame(isPing)
    clock.advance(4_900)
    expect(goawaysOf(peer)).toEqual([])
    clock.advance(200)
    await peer.frame(isGoaway)
    expect(goawaysOf(peer)).toEqual([[hasCall ? 1 : 0, 0, 'keepalive timeout']])
    clock.advance(1_100)
    await peer.ended()
  })

  test('KA-1 is pinged after two hours by default', async () => {
    const { clock, peer } = await connectRaw({})
    clock.advance(2 * HOUR - 1_000)
    await peer.settled()
    expect(peer.frames.filter(isPing)).toEqual([])
    clock.advance(2 * HOUR)
    await peer.frame(isPing)
  })

  test('is not pinged when that is off', async () => {
    const { clock, peer } = await connectRaw({ timeMs: 0 })
    clock.advance(24 * HOUR)
    await peer.settled()
    expect(peer.frames.filter(isPing)).toEqual([])
  })
})

test('KA-2 a client without calls is pinged too, and stays while it answers', async () => {
  const { clock, peer, answerPing } = await connectRaw({ timeMs: 10_000, timeoutMs: 20_000, minTimeMs: 0 })
  for (let nth = 1; nth <= 5; nth++) {
    clock.advance(10_000)
    await answerPing(nth)
    await peer.settled()
  }
  expect(goawaysOf(peer)).toEqual([])
})

describe.each([
  ['an ordinary request', undefined, true],
  ['a call of Connect', 'application/connect+proto', true],
  ['a call of gRPC-Web', 'application/grpc-web+proto', true],
  ['a call of gRPC-Web in text', 'application/grpc-web-text', true],
  ['a call of gRPC', 'application/grpc', false],
  ['a call of gRPC with a format', 'application/grpc+json', false],
  ['a call of gRPC with a parameter', 'Application/gRPC; charset=utf-8', false],
])('a client whose first request is %s, and stays silent', (_what, type, staysOpen) => {
  const pingPolicy = pingPolicyOf(normalizeKeepaliveOptions().resolved) as PingPolicy
  const fields = type === undefined ? GET : [...POST, ['content-type', type] as const]

  test(`KA-3 may ping every minute: ${staysOpen}`, async () => {
    const { clock, peer, openStream } = await connectRaw({ timeMs: 0, pingPolicy })
    await openStream(1, fields)
    for (let minute = 1; minute <= 10; minute++) {
      clock.advance(60_000)
      // Sends one PING.
      await peer.settled()
    }
    const goaways = staysOpen ? [] : [[1, 11, 'too_many_pings']]
    expect(goawaysOf(peer)).toEqual(goaways)
  })

  test('is disconnected for a flood of PINGs', async () => {
    const { peer, openStream } = await connectRaw({ timeMs: 0, pingPolicy })
    await openStream(1, fields)
    for (let i = 0; i < 200; i++) peer.send(T.PING, F.NONE, 0, Buffer.alloc(8))
    await peer.frame(isGoaway)
    expect(goawaysOf(peer)).toEqual([[1, 11, 'too_many_pings']])
  })
})

describe('a connection that reaches its maximum age', () => {
  test('KA-6 gets GOAWAY twice, and its call finishes', async () => {
    const { clock, peer, openStream, answerPing, isOver } = await connectRaw({ maxConnectionAgeMs: 60_000, timeMs: 0 })
    const end = await openStream()
    clock.advance(59_900)
    await peer.settled()
    expect(goawaysOf(peer)).toEqual([])
    clock.advance(200)
    await peer.frame(isGoaway)
    // A request that was under way when the first GOAWAY was sent.
    const endLate = await openStream(3)
    await answerPing(1)
    await peer.frame(isGoaway, 2)
    expect(goawaysOf(peer)).toEqual([
      [MAX_STREAM_ID, 0, 'max_age'],
      [3, 0, 'max_age'],
    ])
    clock.advance(24 * HOUR)
    expect(peer.isEnded).toBe(false)
    end()
    endLate()
    await peer.frame(isOver, 2)
    await peer.ended()
  })

  test('KA-6 differs by at most 10 % between connections', () => {
    const clock = new ManualClock()
    const random = new SeededRandom(6)
    const ages = new ConnectionAges(normalizeKeepaliveOptions({ maxConnectionAgeMs: 100_000 }).resolved, {
      timers: new TimerWheel(clock),
      random: () => random.below(1_000_000) / 1_000_000,
    })
    const startMs = clock.now()
    const agesMs: number[] = []
    for (let i = 0; i < 200; i++) ages.watch({ retire: () => agesMs.push(clock.now() - startMs), end() {} })
    clock.advance(89_900)
    expect(agesMs).toEqual([])
    clock.advance(20_200)
    expect(agesMs).toHaveLength(200)
    const spreadMs = Math.max(...agesMs) - Math.min(...agesMs)
    expect(spreadMs).toBeGreaterThan(18_000)
  })

  test('KA-7 is closed when the grace period is over, with the call that is still open', async () => {
    const { clock, peer, openStream, answerPing } = await connectRaw({
      maxConnectionAgeMs: 60_000,
      maxConnectionAgeGraceMs: 30_000,
    })
    await openStream()
    clock.advance(60_100)
    await answerPing(1)
    await peer.frame(isGoaway, 2)
    clock.advance(29_000)
    await peer.frame(isGoaway, 2)
    expect(peer.isEnded).toBe(false)
    clock.advance(1_100)
    await peer.ended()
    expect(goawaysOf(peer).at(-1)).toEqual([1, 0, 'max_age'])
    // gRPC clients report the end of the connection as UNAVAILABLE, and a reset as CANCELLED.
    expect(peer.frames.some(({ type }) => type === T.RST_STREAM)).toBe(false)
  })

  test('leaves no timer behind when it closes earlier', async () => {
    const { clock, peer } = await connectRaw({ maxConnectionAgeMs: 60_000, maxConnectionAgeGraceMs: 1_000 })
    expect(clock.pending).toBeGreaterThan(0)
    peer.close()
    await expect.poll(() => clock.pending <= 1).toBe(true)
    clock.advance(24 * HOUR)
    expect(clock.pending).toBe(0)
  })
})

test('KA-8 an idle connection gets GOAWAY max_idle, and one with an open call does not', async () => {
  const { clock, peer, openStream, answerPing, isOver } = await connectRaw({ idleTimeoutMs: 60_000, timeMs: 0 })
  const end = await openStream()
  clock.advance(HOUR)
  await peer.settled()
  expect(goawaysOf(peer)).toEqual([])
  end()
  await peer.frame(isOver)
  clock.advance(59_000)
  expect(goawaysOf(peer)).toEqual([])
  clock.advance(20_000)
  await answerPing(1)
  await peer.ended()
  expect(goawaysOf(peer)).toEqual([
    [MAX_STREAM_ID, 0, 'max_idle'],
    [1, 0, 'max_idle'],
  ])
})

test.each<[ServerKeepaliveOptions, RegExp]>([
  [{ timeMs: 999 }, /keepalive\.timeMs is 999: it must be 0 \(never\) or from 1000/],
  [{ timeMs: -1 }, /keepalive\.timeMs is -1/],
  [{ timeoutMs: 0 }, /keepalive\.timeoutMs is 0/],
  [{ maxConnectionAgeMs: 1.5 }, /keepalive\.maxConnectionAgeMs is 1\.5/],
  [{ maxConnectionAgeGraceMs: Number.POSITIVE_INFINITY }, /keepalive\.maxConnectionAgeGraceMs is Infinity/],
  [{ minTimeMs: 2 ** 31 }, /keepalive\.minTimeMs is 2147483648/],
])('%j is out of range', (options, message) => {
  expect(normalizeKeepaliveOptions(options).faults.join('; ')).toMatch(message)
})
