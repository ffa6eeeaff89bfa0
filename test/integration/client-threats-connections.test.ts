/** Servers that do not speak HTTP/2, or disconnect: calls wait, fail, or use another server. */
import { describe, expect, test } from 'vitest'
import { ErrorCode } from '../../wire/http2/errors.ts'
import { FrameFlag, FrameType } from '../../wire/http2/frame.ts'
import { type HostileHttp2, startHostileHttp2, startHostileServer } from '../support/hostile-server.ts'
import { answer, connect, goaway, HEAD, MODES, outcomeOf } from '../support/http2-attack.ts'
import { headers, type RawPeer, uint32 } from '../support/raw-http2.ts'

describe('a server that', () => {
  test.each<readonly [what: string, octets: string, reason: string]>([
    ['speaks something else', 'SSH-2.0-OpenSSH_9.9\r\n', 'frame above MAX_FRAME_SIZE'],
    [
      'answers the preface by HTTP/1.1',
      'HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n',
      'the peer speaks HTTP/1.1',
    ],
    ['begins with HEADERS', headers(1, HEAD).toString('latin1'), 'first frame is not SETTINGS'],
    ['begins with an alert of TLS', '\x15\x03\x03\x00\x02\x02\x46', 'the connection was closed'],
  ])('%s is UNAVAILABLE, and says why', async (_what, octets, reason) => {
    const server = await startHostileServer((socket) => socket.end(octets, 'latin1'))
    const { call } = connect({ baseUrl: server.baseUrl })
    const outcome = await outcomeOf(call('unary'))
    expect(outcome).toMatch(/^Unavailable: no HTTP\/2 connection to 127\.0\.0\.1:\d+: /)
    expect(outcome).toContain(reason)
  })

  test('sends a TLS alert is UNAVAILABLE, and says why', async () => {
    const server = await startHostileServer((socket) => {
      socket.once('data', () => socket.end(Buffer.from([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x28])))
    })
    const { call } = connect({ baseUrl: server.baseUrl.replace('http:', 'https:') })
    expect(await outcomeOf(call('unary'))).toMatch(/^Unavailable: cannot connect to 127\.0\.0\.1:\d+: .*alert/)
  })

  test('goes silent after accepting ends calls at their deadlines', async () => {
    const server = await startHostileServer(() => {})
    const { call } = connect({ baseUrl: server.baseUrl })
    const outcomes = await Promise.all(MODES.map((mode) => outcomeOf(call(mode, 100))))
    for (const outcome of outcomes) {
      expect(outcome).toBe('DeadlineExceeded: the deadline of 100 ms passed before there was a connection')
    }
    expect(server.connections).toBe(1)
  })

  test('allows no streams makes calls wait until their deadlines, on one connection', async () => {
    const server = await startHostileHttp2({ settings: [[3, 0]] })
    const { call } = connect({ baseUrl: server.baseUrl })
    const outcomes = await Promise.all(MODES.map((mode) => outcomeOf(call(mode, 100))))
    for (const outcome of outcomes) expect(outcome).toMatch(/^DeadlineExceeded: the deadline of 100 ms passed/)
    expect(server.connections).toBe(1)
  })

  test('has huge settings is called normally', async () => {
    const settings: HostileHttp2['settings'] = [
      [1, 0xffffffff],
      [3, 0xffffffff],
      [4, 0x7fffffff],
      [5, 0xffffff],
      [0x7777, 0xffffffff],
    ]
    const server = await startHostileHttp2({ settings, onRequest: (peer, id) => answer(peer, id) })
    const { call } = connect({ baseUrl: server.baseUrl })
    for (const mode of MODES) expect(await outcomeOf(call(mode))).toBe('OK')
  })

  test('accepts no header lists is RESOURCE_EXHAUSTED', async () => {
    const server = await startHostileHttp2({ settings: [[6, 0]] })
    const { call } = connect({ baseUrl: server.baseUrl })
    for (const mode of MODES) {
      expect(await outcomeOf(call(mode))).toMatch(
        /^ResourceExhausted: header list of \d+ octets exceeds the limit of 0$/,
      )
    }
  })

  test('closes every connection right away is not reconnected to in a loop', async () => {
    const server = await startHostileHttp2({
      onConnection: (peer) => peer.raw(goaway(0, ErrorCode.ENHANCE_YOUR_CALM, 'too_many_pings')),
    })
    const { client } = connect({ baseUrl: server.baseUrl })
    const calls = Array.from({ length: 50 }, () => outcomeOf(client.sayHello({}, { timeoutMs: 300 })))
    for (const outcome of await Promise.all(calls)) expect(outcome).toMatch(/^(Unavailable|DeadlineExceeded): /)
    expect(server.connections).toBeLessThan(4)
  })

  test.each([ErrorCode.NO_ERROR, ErrorCode.ENHANCE_YOUR_CALM, ErrorCode.INTERNAL_ERROR])(
    'sends GOAWAY %i before serving anything costs no call',
    async (code) => {
      const server = await startHostileHttp2({
        onRequest(peer, id, { index }) {
          if (index > 0) answer(peer, id)
          else peer.raw(goaway(0, code))
        },
      })
      const { call } = connect({ baseUrl: server.baseUrl })
      expect(await outcomeOf(call('unary'))).toBe('OK')
      expect(server.connections).toBe(2)
    },
  )

  test('sends GOAWAY during its first call lets that finish, and the next call goes elsewhere', async () => {
    const first = Promise.withResolvers<{ peer: RawPeer; id: number }>()
    const server = await startHostileHttp2({
      onRequest(peer, id, { index }) {
        if (index > 0) answer(peer, id)
        else first.resolve({ peer, id })
      },
    })
    const { transport, call } = connect({ baseUrl: server.baseUrl })
    const underWay = outcomeOf(call('stream'))
    const { peer, id } = await first.promise
    const left = transport.watchState('READY')
    peer.raw(goaway(id, ErrorCode.NO_ERROR))
    expect(await left).toBe('IDLE')
    expect(await outcomeOf(call('unary'))).toBe('OK')
    answer(peer, id)
    expect(await underWay).toBe('OK')
    expect(server.connections).toBe(2)
  })

  test('sends GOAWAY after every response costs one connection per call', async () => {
    const server = await startHostileHttp2({
      onRequest(peer, id) {
        answer(peer, id)
        peer.raw(goaway(id, ErrorCode.NO_ERROR))
      },
    })
    const { call } = connect({ baseUrl: server.baseUrl })
    for (let i = 0; i < 20; i++) expect(await outcomeOf(call('unary'))).toBe('OK')
    expect(server.connections).toBe(20)
  })

  test('attacked one call serves the next over another connection', async () => {
    const server = await startHostileHttp2({
      onRequest(peer, id, { index }) {
        if (index === 1) peer.send(FrameType.PUSH_PROMISE, FrameFlag.END_HEADERS, id, uint32(2))
        else answer(peer, id)
      },
    })
    const { call } = connect({ baseUrl: server.baseUrl })
    expect(await outcomeOf(call('unary'))).toBe('OK')
    expect(await outcomeOf(call('unary'))).toMatch(/^Unavailable: /)
    expect(await outcomeOf(call('unary'))).toBe('OK')
    expect(server.connections).toBe(2)
  })
})
