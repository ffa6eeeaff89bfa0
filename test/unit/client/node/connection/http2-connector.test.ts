import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { createSecureContext, createServer as createTlsServer } from 'node:tls'
import { afterEach, describe, expect, test } from 'vitest'
import { Http1Connector } from '../../../../../client/node/connection/http1-connector.ts'
import { Http2Connector } from '../../../../../client/node/connection/http2-connector.ts'
import { normalizeKeepalive } from '../../../../../client/node/connection/keepalive.ts'
import type { ConnectionListener, Departure } from '../../../../../client/node/contracts/connector.ts'
import { DEFAULT_METADATA_LIMITS } from '../../../../../client/node/contracts/metadata-limits.ts'
import type { SubchannelConnection } from '../../../../../client/node/contracts/subchannel.ts'
import type { DialTls } from '../../../../../client/node/tls/dial-tls.ts'
import { FrameType as T } from '../../../../../wire/http2/frame.ts'
import { createServerSession, type Http2Session, normalizeHttp2Options } from '../../../../../wire/http2/http2.ts'
import { testCertificates } from '../../../../support/certificates.ts'
import { frame, settingsFrame } from '../../../../support/raw-http2.ts'
import { startListening } from '../../../../support/start-listening.ts'

const INADEQUATE = { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA256' } as const

const closing: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** A server that keeps its streams open. */
async function serve(onSocket: (accept: (socket: Socket) => void) => ReturnType<typeof createServer>, streams = 100) {
  const sessions: Http2Session[] = []
  const waiting: ((session: Http2Session) => void)[] = []
  const options = normalizeHttp2Options('server', { maxConcurrentStreams: streams })
  const server = onSocket((socket) => {
    const session = createServerSession(socket, options, {
      onRequest: (stream) => opened.push(stream.id),
      onClose: () => {},
    })
    sessions.push(session)
    session.start()
    waiting.shift()?.(session)
  })
  const opened: number[] = []
  const { port, close } = await startListening(server)
  closing.push(close)
  return { address: { host: '127.0.0.1', port }, sessions, opened }
}

function plainServer(streams?: number) {
  return serve((accept) => createServer({ allowHalfOpen: true }, accept), streams)
}

function createConnector(tls: DialTls | null = null, keepaliveTimeMs = 10_000): Http2Connector {
  const connector = new Http2Connector({
    tls,
    proxy: null,
    http2: normalizeHttp2Options('client'),
    keepalive: normalizeKeepalive({ timeMs: keepaliveTimeMs }),
    onFault: (error) => expect.unreachable(String(error)),
  })
  closing.push(() => connector.close())
  return connector
}

/** The events of the listener, a promise for each. */
function listen() {
  const ready = Promise.withResolvers<SubchannelConnection>()
  const failed = Promise.withResolvers<string>()
  const left = Promise.withResolvers<Departure>()
  const listener: ConnectionListener = {
    onReady: ready.resolve,
    onFailed: ({ rawMessage }) => failed.resolve(rawMessage),
    onLeaving: left.resolve,
  }
  return { listener, ready: ready.promise, failed: failed.promise, left: left.promise }
}

function createHttp1Connector(tls: DialTls): Http1Connector {
  const { clock } = normalizeHttp2Options('client').timers
  const connector = new Http1Connector({
    tls,
    proxy: null,
    maxSockets: 1,
    metadataLimits: DEFAULT_METADATA_LIMITS,
    clock,
  })
  closing.push(() => connector.close())
  return connector
}

test.each([
  ['HTTP/2', createConnector],
  ['HTTP/1.1', createHttp1Connector],
])('%s: a cancelled attempt reports nothing', async (_protocol, create) => {
  const server = createServer()
  const { port, close } = await startListening(server)
  closing.push(close)
  const accepted = once(server, 'connection')
  const heard: string[] = []
  const connector = create({
    defaultServerName: 'localhost',
    insecure: false,
    secureContext: () => createSecureContext(),
  })
  const attempt = connector.connect(
    { host: '127.0.0.1', port },
    {
      onReady: () => heard.push('ready'),
      onFailed: ({ rawMessage }) => heard.push(rawMessage),
      onLeaving: () => heard.push('left'),
    },
  )
  const [socket] = await accepted
  socket.on('error', () => {}).resume()
  const closed = once(socket, 'close')
  attempt.close()
  await closed
  await connector.close()
  expect(heard).toEqual([])
})

test.each([
  ['cleartext', null],
  ['TLS', { defaultServerName: 'localhost', secureContext: () => createSecureContext() }],
])('%s: an invalid address fails like any other, asynchronously', async (_way, tls) => {
  const { listener, failed } = listen()
  createConnector(tls).connect({ host: '127.0.0.1', port: 70_000 }, listener)
  expect(await failed).toMatch(/^cannot connect to 127\.0\.0\.1:70000: the port must be from 1 to 65535$/)
})

const HEAD = [
  { name: ':method', value: 'POST' },
  { name: ':scheme', value: 'http' },
  { name: ':path', value: '/' },
  { name: ':authority', value: 'test' },
]
const SINK = { onHead() {}, onReadable() {}, onWritable() {}, onReset() {} }

describe('cleartext', () => {
  test('is ready with the SETTINGS of the server, and leaves on its GOAWAY', async () => {
    const server = await plainServer()
    const { listener, ready, left } = listen()
    createConnector().connect(server.address, listener)
    expect((await ready).canRequest).toBe(true)
    server.sessions[0]?.goaway(0, 'bye')
    const { error, hasServed } = await left
    expect(error.rawMessage).toBe('the server is leaving: bye')
    expect(hasServed()).toBe(false)
  })

  test('a refused connection is reported as such', async () => {
    const server = await plainServer()
    await closing.pop()?.()
    const { listener, failed } = listen()
    createConnector().connect(server.address, listener)
    expect(await failed).toContain('ECONNREFUSED')
  })

  test('a server that is not HTTP/2 fails the attempt', async () => {
    const server = createServer((socket) =>
      socket
        .on('error', () => {})
        .resume()
        .end('HTTP/1.1 400 Bad Request\r\n\r\n'),
    )
    const { port, close } = await startListening(server)
    closing.push(close)
    const { listener, failed } = listen()
    createConnector().connect({ host: '127.0.0.1', port }, listener)
    expect(await failed).toMatch(/^no HTTP\/2 connection to 127\.0\.0\.1/)
  })

  test('KA-5 after too_many_pings the next connection pings half as often', async () => {
    const server = await plainServer()
    const { listener, ready, left } = listen()
    const connector = createConnector()
    connector.connect(server.address, listener)
    await ready
    expect(connector.keepaliveTimeMs).toBe(10_000)
    server.sessions[0]?.destroy(0xb, 'too_many_pings')
    await left
    expect(connector.keepaliveTimeMs).toBe(20_000)
  })

  test.each([
    ['by one connection', 1, 1],
    ['by one server, each time that there is a connection', 1, 6],
    ['by six servers', 6, 1],
  ])('repeated too_many_pings counts once: %s', async (_who, servers, times) => {
    const connector = createConnector()
    for (let server = 0; server < servers; server++) {
      const { address, sessions } = await plainServer()
      for (let time = 0; time < times; time++) {
        const { listener, ready, left } = listen()
        connector.connect(address, listener)
        await ready
        sessions[time]?.goaway(0xb, 'too_many_pings')
        sessions[time]?.destroy(0xb, 'too_many_pings')
        await left
        expect(connector.keepaliveTimeMs).toBe(20_000)
      }
    }
  })

  test.each([
    [2_000_000_000, 2_147_483_647],
    [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
  ])('after too_many_pings %d ms is capped at the longest timer: %d', async (before, after) => {
    const server = await plainServer()
    const { listener, ready, left } = listen()
    const connector = createConnector(null, before)
    connector.connect(server.address, listener)
    await ready
    server.sessions[0]?.destroy(0xb, 'too_many_pings')
    await left
    expect(connector.keepaliveTimeMs).toBe(after)
  })

  test('calls above MAX_CONCURRENT_STREAMS wait for their turn', async () => {
    const server = await plainServer(1)
    const { listener, ready } = listen()
    createConnector().connect(server.address, listener)
    const connection = await ready
    const first = connection.request(HEAD, SINK)
    expect(connection.canRequest).toBe(false)
    const turn = Promise.withResolvers<void>()
    const end = Promise.withResolvers<void>()
    const order: string[] = []
    connection.whenCapacity(() => order.push('gave up'))()
    connection.whenCapacity(() => {
      order.push('second')
      connection.request(HEAD, SINK)
      turn.resolve()
    })
    connection.whenCapacity(() => {
      order.push('third')
      end.resolve()
    })
    first.reset(8)
    await turn.promise
    expect(order).toEqual(['second'])
    server.sessions[0]?.destroy(0)
    await end.promise
    expect(order).toEqual(['second', 'third'])
    expect(connection.canRequest).toBe(false)
  })
})

describe('TLS', () => {
  async function tlsServer(ALPNProtocols = ['h2'], requestCert = false) {
    const { ca, server } = await testCertificates()
    return serve((accept) => {
      const options = {
        ...server,
        ca,
        ALPNProtocols,
        requestCert,
        rejectUnauthorized: requestCert,
        allowHalfOpen: true,
      }
      return createTlsServer(options, accept).on('tlsClientError', () => {})
    })
  }

  test('is ready with a valid certificate, and with a client certificate if one is requested', async () => {
    const { ca, client } = await testCertificates()
    const server = await tlsServer(['h2'], true)
    const { listener, ready } = listen()
    createConnector({
      defaultServerName: 'localhost',
      secureContext: () => createSecureContext({ ca, ...client }),
    }).connect(server.address, listener)
    expect((await ready).canRequest).toBe(true)
  })

  test('a certificate for another name fails the attempt', async () => {
    const { ca } = await testCertificates()
    const server = await tlsServer()
    const { listener, failed } = listen()
    createConnector({ defaultServerName: 'example.org', secureContext: () => createSecureContext({ ca }) }).connect(
      server.address,
      listener,
    )
    expect(await failed).toContain("not in the cert's altnames")
  })

  test('a server without HTTP/2 fails the attempt', async () => {
    const { ca } = await testCertificates()
    const server = await tlsServer(['http/1.1'])
    const { listener, failed } = listen()
    createConnector({ defaultServerName: 'localhost', secureContext: () => createSecureContext({ ca }) }).connect(
      server.address,
      listener,
    )
    expect(await failed).toMatch(/alert|HTTP\/2/)
  })

  test('a cipher that HTTP/2 forbids fails the attempt, with the reason', async () => {
    const { ca, server } = await testCertificates()
    const { address } = await serve(() =>
      createTlsServer({ ...server, ALPNProtocols: ['h2'], ...INADEQUATE }, (socket) =>
        socket.on('error', () => {}).resume(),
      ),
    )
    const connector = createConnector({
      defaultServerName: 'localhost',
      secureContext: () => createSecureContext({ ca }),
    })
    for (let i = 0; i < 3; i++) {
      const { listener, failed } = listen()
      connector.connect(address, listener)
      expect(await failed).toBe(
        `no HTTP/2 connection to 127.0.0.1:${address.port}: the connection was lost: ` +
          'INADEQUATE_SECURITY: TLSv1.2 ECDHE-ECDSA-AES128-SHA256: HTTP/2 needs an AEAD cipher',
      )
    }
    await connector.close()
  })
})

describe('bytes sent by the server before the session starts are not lost', () => {
  test.each<[what: string, octets: Buffer, heard: RegExp]>([
    ['frames of another protocol', Buffer.from('SSH-2.0-OpenSSH_9.9\r\n'), /FRAME_SIZE_ERROR/],
    ['a GOAWAY before SETTINGS', frame(T.GOAWAY, 0, 0, Buffer.alloc(8)), /PROTOCOL_ERROR: first frame is not SETTINGS/],
    ['a setting out of range', settingsFrame([[4, 2 ** 31]]), /FLOW_CONTROL_ERROR/],
    ['nothing but its end', Buffer.alloc(0), /the connection was closed/],
  ])('%s', async (_what, octets, heard) => {
    const { address } = await serve(() =>
      createServer(
        { allowHalfOpen: true },
        (socket) =>
          void socket
            .on('error', () => {})
            .resume()
            .end(octets),
      ),
    )
    const { listener, failed } = listen()
    createConnector().connect(address, listener)
    expect(await failed).toMatch(heard)
  })
})
