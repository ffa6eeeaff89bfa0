/** Servers enforce how often their clients ping (gRFC A8). */
import { describe, expect, onTestFinished, test } from 'vitest'
import { FrameFlag as F, FrameType as T } from '../../../../wire/http2/frame.ts'
import { headerField, type PingPolicy } from '../../../../wire/http2/http2.ts'
import { PingStrikes } from '../../../../wire/http2/ping-strikes.ts'
import { TimerWheel } from '../../../../wire/http2/timer-wheel.ts'
import type { Frame } from '../../../support/http2-frames.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { closeBench, GET, POST, serverBench } from './harness.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const STRICT: PingPolicy = { minTimeMs: 5 * MINUTE, permitWithoutStream: false }
const LENIENT: PingPolicy = { minTimeMs: 5 * MINUTE, permitWithoutStream: true }
const OK_HEAD = [headerField(':status', '200')]

const isAck = ({ type, flags }: Frame) => type === T.PING && flags === F.ACK
const isGoaway = ({ type }: Frame) => type === T.GOAWAY

async function pingBench(pingPolicy: PingPolicy | undefined) {
  const clock = new ManualClock()
  const bench = await serverBench({ timers: new TimerWheel(clock), pingPolicy })
  onTestFinished(() => closeBench(bench))
  let sent = 0
  /** Sends one PING, and resolves with what the server made of it. */
  const ping = async () => {
    bench.peer.send(T.PING, F.NONE, 0, Buffer.alloc(8))
    sent++
    const answer = await bench.peer.frame((f) => isAck(f) || isGoaway(f), sent)
    return answer.type === T.PING ? 'ack' : `${answer.payload.readUInt32BE(4)} ${answer.payload.toString('latin1', 8)}`
  }
  const pings = async (count: number) => {
    const answers: string[] = []
    for (let i = 0; i < count; i++) answers.push(await ping())
    return answers
  }
  /** Opens a stream that stays open. */
  const openStream = async () => {
    bench.peer.headers(1, POST)
    await expect.poll(() => bench.requests.length).toBe(1)
    return bench.requests[0]?.stream
  }
  return { ...bench, clock, ping, pings, openStream }
}

const KILLED = '11 too_many_pings'

describe('KA-3', () => {
  test('the first PING and two strikes are answered, the next ends the connection with too_many_pings', async () => {
    const { pings, closed, peer } = await pingBench(STRICT)
    expect(await pings(4)).toEqual(['ack', 'ack', 'ack', KILLED])
    expect(await closed).toBeInstanceOf(Error)
    await peer.ended()
  })

  test('its open calls fail with it', async () => {
    const { pings, openStream, requests } = await pingBench(STRICT)
    await openStream()
    expect(await pings(4)).toEqual(['ack', 'ack', 'ack', KILLED])
    await requests[0]?.recorder.until(() => requests[0]?.recorder.reset !== undefined)
    expect(requests[0]?.recorder.reset).toMatchObject({ source: 'connection', reason: 'too_many_pings' })
  })

  test('PINGs of one read are judged one by one', async () => {
    const { peer } = await pingBench(STRICT)
    peer.raw(...Array.from({ length: 4 }, () => Buffer.from([0, 0, 8, T.PING, 0, 0, 0, 0, 0, ...Buffer.alloc(8)])))
    await peer.ended()
    expect(peer.frames.filter(isAck)).toHaveLength(3)
    expect(peer.frames.filter(isGoaway)).toHaveLength(1)
  })

  test.each<[what: string, policy: PingPolicy, hasStream: boolean, everyMs: number, isFine: boolean]>([
    ['with a stream, at the least time', STRICT, true, 5 * MINUTE, true],
    ['with a stream, earlier', STRICT, true, 2 * MINUTE, false],
    ['without a stream, at the least time', STRICT, false, 5 * MINUTE, false],
    ['without a stream, every two hours', STRICT, false, 2 * HOUR, true],
    ['without a stream but permitted, at the least time', LENIENT, false, 5 * MINUTE, true],
    ['without a stream but permitted, earlier', LENIENT, false, MINUTE, false],
  ])('%s', async (_what, policy, hasStream, everyMs, isFine) => {
    const { ping, clock, openStream } = await pingBench(policy)
    if (hasStream) await openStream()
    const answers: string[] = []
    for (let i = 0; i < 12 && answers.at(-1) !== KILLED; i++) {
      answers.push(await ping())
      clock.advance(everyMs)
    }
    expect(answers.includes(KILLED)).toBe(!isFine)
  })

  test('without a policy only the flood budget counts', async () => {
    const { pings } = await pingBench(undefined)
    expect(new Set(await pings(50))).toEqual(new Set(['ack']))
  })
})

describe('KA-4', () => {
  test('a server that streams forgives the PINGs of its client', async () => {
    const { pings, openStream } = await pingBench(STRICT)
    const stream = await openStream()
    stream?.respond(OK_HEAD)
    for (let i = 0; i < 5; i++) {
      expect(await pings(3)).toEqual(['ack', 'ack', 'ack'])
      stream?.write(Buffer.from('x'))
      // The DATA must have left before the next PING.
      await expect.poll(() => stream?.sentBytes).toBe(i + 1)
    }
    expect(await pings(4)).toEqual(['ack', 'ack', 'ack', KILLED])
  })

  test('so do the HEADERS of a response', async () => {
    const { pings, peer, requests, session } = await pingBench(STRICT)
    expect(await pings(3)).toEqual(['ack', 'ack', 'ack'])
    peer.headers(1, GET, F.END_HEADERS | F.END_STREAM)
    await expect.poll(() => requests.length).toBe(1)
    requests[0]?.stream.respond(OK_HEAD, true)
    await expect.poll(() => session.openStreams).toBe(0)
    expect(await pings(4)).toEqual(['ack', 'ack', 'ack', KILLED])
  })

  test('what only the client sends forgives nothing', async () => {
    const { pings, ping, peer, openStream } = await pingBench(STRICT)
    await openStream()
    expect(await pings(3)).toEqual(['ack', 'ack', 'ack'])
    peer.send(T.DATA, F.NONE, 1, Buffer.from('more'))
    expect(await ping()).toBe(KILLED)
  })
})

test('a PING that comes too early does not move the time from which the next one counts (gRFC A8)', () => {
  const strikes = new PingStrikes(STRICT)
  expect(strikes.admit(0, true, 0)).toBe(true)
  expect(strikes.admit(4 * MINUTE, true, 0)).toBe(true)
  // Five minutes after the first, one after the second: valid.
  for (let minute = 5; minute <= 100; minute += 5) expect(strikes.admit(minute * MINUTE, true, 0)).toBe(true)
})
