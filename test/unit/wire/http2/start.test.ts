/** A session does not touch its socket or its owner until it is started, whatever the state of the socket. */
import { once } from 'node:events'
import type net from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import tls, { type TLSSocket } from 'node:tls'
import { describe, expect, onTestFinished, test } from 'vitest'
import { FrameType as T } from '../../../../wire/http2/frame.ts'
import {
  createClientSession,
  createServerSession,
  type Http2Session,
  normalizeHttp2Options,
  type ServerSessionHandler,
  TimerWheel,
} from '../../../../wire/http2/http2.ts'
import { ProcessMemory } from '../../../../wire/http2/process-memory.ts'
import { testCertificates } from '../../../support/certificates.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { frame, RawPeer, socketPair, uint32 } from '../../../support/raw-http2.ts'

const INADEQUATE = { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA256' } as const
const ROLES = ['server', 'client'] as const
const GARBAGE = Buffer.alloc(64, 0xff)

type Role = (typeof ROLES)[number]

/** A socket for the session, and the other end of its connection. */
interface Ends {
  readonly near: net.Socket
  readonly far: net.Socket
}

/** Both ends of a TLS connection. */
async function securePair(role: Role, options: tls.TlsOptions & tls.ConnectionOptions = {}): Promise<Ends> {
  const { server, ca } = await testCertificates()
  const listener = tls.createServer({ ...server, ALPNProtocols: ['h2'], allowHalfOpen: true, ...options })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as net.AddressInfo
  const accepted = once(listener, 'secureConnection') as Promise<[TLSSocket]>
  const made = tls.connect({ port, host: '127.0.0.1', servername: 'localhost', ca, ALPNProtocols: ['h2'], ...options })
  const [[served]] = await Promise.all([accepted, once(made, 'secureConnect')])
  listener.close()
  return role === 'server' ? { near: served, far: made } : { near: made, far: served }
}

/** Possible states of a socket before its session starts. */
const STATES: Readonly<Record<string, (role: Role) => Promise<Ends>>> = {
  open: () => socketPair(),
  'open, with TLS': (role) => securePair(role),
  'with TLS that is not good enough': (role) => securePair(role, INADEQUATE),
  'with octets that break the protocol in its buffer': async () => {
    const ends = await socketPair()
    ends.near.unshift(GARBAGE)
    return ends
  },
  'with a whole connection in its buffer': async (role) => {
    const ends = await socketPair()
    const settings = Buffer.concat([frame(T.SETTINGS, 0, 0), frame(T.GOAWAY, 0, 0, Buffer.alloc(8))])
    const preface = role === 'server' ? Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n') : Buffer.alloc(0)
    ends.near.unshift(Buffer.concat([preface, settings, frame(T.WINDOW_UPDATE, 0, 0, uint32(0))]))
    return ends
  },
  'ended by the peer, and read to its end': async () => {
    const ends = await socketPair()
    ends.far.end()
    ends.near.resume()
    await once(ends.near, 'end')
    return ends
  },
  'reset by the peer': async () => {
    const ends = await socketPair()
    const { promise: closed, resolve } = Promise.withResolvers<void>()
    ends.near
      .on('error', () => {})
      .on('close', resolve)
      .resume()
    ends.far.resetAndDestroy()
    await closed
    return ends
  },
  'destroyed, and not closed yet': async () => {
    const ends = await socketPair()
    ends.near.destroy()
    return ends
  },
  closed: async () => {
    const ends = await socketPair()
    ends.near.destroy()
    await once(ends.near, 'close')
    return ends
  },
  'closed, with TLS': async (role) => {
    const ends = await securePair(role)
    ends.near.destroy()
    await once(ends.near, 'close')
    return ends
  },
}

interface Started {
  readonly session: Http2Session
  readonly memory: ProcessMemory
  readonly clock: ManualClock
  /** The callbacks of the owner, in order. */
  readonly calls: string[]
  readonly closed: Promise<Error | undefined>
}

function createSession(role: Role, socket: net.Socket): Started {
  const memory = new ProcessMemory()
  const clock = new ManualClock()
  const calls: string[] = []
  const closed = Promise.withResolvers<Error | undefined>()
  const note = (name: string) => () => void calls.push(name)
  const handler: ServerSessionHandler = {
    onRequest: note('request'),
    onSettings: note('settings'),
    onPing: note('ping'),
    onPingAck: note('ping ack'),
    onGoaway: note('goaway'),
    onCapacity: note('capacity'),
    onFault: note('fault'),
    onClose: (_session, error) => {
      calls.push('close')
      closed.resolve(error)
    },
  }
  const options = { memory, timers: new TimerWheel(clock) }
  const session =
    role === 'server'
      ? createServerSession(socket, normalizeHttp2Options('server', options), handler)
      : createClientSession(socket, normalizeHttp2Options('client', options), handler)
  return { session, memory, clock, calls, closed: closed.promise }
}

describe.each(ROLES)('a %s session', (role) => {
  describe.each(Object.entries(STATES))('on a socket that is %s', (state, open) => {
    test('calls, reads and times nothing before it is started, and ends once', async () => {
      const { near, far } = await open(role)
      onTestFinished(() => {
        near.destroy()
        far.destroy()
      })
      const peer = new RawPeer(far, role === 'client')
      const { session, memory, clock, calls, closed } = createSession(role, near)
      for (let i = 0; i < 5; i++) await turn()
      expect({ calls, holders: memory.size, timers: clock.pending, sent: peer.frames.length }).toEqual({
        calls: [],
        holders: 0,
        timers: 0,
        sent: 0,
      })
      session.start()
      if (state.startsWith('open')) peer.close()
      const error = await closed
      await turn()
      expect(calls.filter((name) => name === 'close')).toEqual(['close'])
      expect(calls.at(-1)).toBe('close')
      expect([memory.size, memory.heldBytes]).toEqual([0, 0])
      if (state === 'with TLS that is not good enough') {
        expect(error).toMatchObject({
          code: 12,
          message: 'TLSv1.2 ECDHE-ECDSA-AES128-SHA256: HTTP/2 needs an AEAD cipher',
        })
      }
    })
  })

  test('is started once', async () => {
    const { near, far } = await socketPair()
    const { session, closed } = createSession(role, near)
    session.start()
    expect(() => session.start()).toThrow('started already')
    far.destroy()
    await closed
  })
})
