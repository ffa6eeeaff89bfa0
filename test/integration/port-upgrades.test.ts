/** Requests to upgrade reach the listeners of the port; without a listener they are served as ordinary requests. */
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import websocket from '@fastify/websocket'
import type { FastifyInstance } from 'fastify'
import { describe, expect, test } from 'vitest'
import { sayHello } from '../support/calls.ts'
import { testCertificates } from '../support/certificates.ts'
import { exchangeHttp1 } from '../support/exchange.ts'
import { startNativeFastify } from '../support/native-fastify.ts'
import { RawSocket } from '../support/raw-socket.ts'

function upgradeHead(method: string, protocol: string, more = ''): string {
  return `${method} /up?a=1 HTTP/1.1\r\nHost: a.localhost\r\nX-A: 1\r\nConnection: keep-alive, Upgrade\r\nUpgrade: ${protocol}\r\n${more}\r\n`
}

const NEXT = 'GET /next HTTP/1.1\r\nHost: a.localhost\r\n\r\n'

/** Returns a summary of each request. */
function echo(app: FastifyInstance): void {
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))
  app.all('/*', async ({ method, url, raw, body }) => `[${method} ${url} ${raw.headers.upgrade} ${body ?? ''}]`)
}

/** Switches each request to a protocol that says everything in upper case. */
function shout(app: FastifyInstance): void {
  app.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: ${request.headers.upgrade}\r\n\r\n`,
    )
    socket.unshift(head)
    socket.on('data', (chunk: Buffer) => socket.write(chunk.toString().toUpperCase()))
    socket.on('end', () => socket.end())
  })
}

describe('with a listener', () => {
  test.each([false, true])(
    'it gets the request, the connection and the bytes that followed; over TLS: %s',
    async (isTls) => {
      const { ca, server } = await testCertificates()
      const { port } = await startNativeFastify(
        (app) => {
          shout(app)
          echo(app)
        },
        isTls ? { tls: server } : {},
      )
      const raw = await RawSocket.open({ port, ...(isTls ? { tls: { ca } } : {}) })
      raw.write(`${upgradeHead('GET', 'shout')}first`)
      expect(await raw.untilText('FIRST')).toMatch(/^HTTP\/1\.1 101 /)
      raw.write(' then')
      await raw.untilText('FIRST THEN')
      raw.socket.end()
      await raw.closed
    },
  )

  test('WebSockets work through @fastify/websocket, alongside calls', async () => {
    const { origin, app } = await startNativeFastify(async (instance) => {
      await instance.register(websocket)
      await instance.register(async (scope) => {
        scope.get('/ws', { websocket: true }, (socket) => {
          socket.on('message', (message: Buffer) => socket.send(`echo ${message}`))
        })
      })
    })
    const client = new WebSocket(`${origin.replace('http', 'ws')}/ws`)
    await once(client, 'open')
    const answered = once(client, 'message')
    client.send('hello')
    expect((await answered)[0]).toMatchObject({ data: 'echo hello' })
    expect((await exchangeHttp1(origin, sayHello('connect'))).status).toBe(200)
    const closed = once(client, 'close')
    await app.close()
    await closed
  })

  test('a request to upgrade to cleartext HTTP/2 is left to node:http', async () => {
    const { port } = await startNativeFastify((app) => {
      shout(app)
      echo(app)
    })
    const raw = await RawSocket.open({ port })
    raw.write(upgradeHead('GET', 'h2c', 'HTTP2-Settings: AAMAAABk\r\n'))
    expect(await raw.untilText('[GET /up?a=1 h2c ]')).toMatch(/^HTTP\/1\.1 200 /)
    raw.write(NEXT)
    await raw.untilText('[GET /next undefined ]')
  })

  test('a request rejected by the guard never reaches it', async () => {
    const upgraded: unknown[] = []
    const { port } = await startNativeFastify((app) => {
      app.server.on('upgrade', (request: IncomingMessage) => upgraded.push(request))
    })
    const raw = await RawSocket.open({ port })
    raw.write(upgradeHead('GET', 'shout').replace('a.localhost', 'a b'))
    await raw.closed
    expect(raw.text).toMatch(/^HTTP\/1\.1 400 /)
    expect(upgraded).toEqual([])
  })

  test('CONNECT reaches its listener', async () => {
    const { port } = await startNativeFastify((app) => {
      app.server.on('connect', (request: IncomingMessage, socket: Socket) => {
        socket.end(`HTTP/1.1 200 Connected\r\n\r\n${request.url}`)
      })
    })
    const raw = await RawSocket.open({ port })
    raw.write('CONNECT b.localhost:443 HTTP/1.1\r\nHost: b.localhost:443\r\n\r\n')
    await raw.closed
    expect(raw.text).toBe('HTTP/1.1 200 Connected\r\n\r\nb.localhost:443')
  })

  test('an upgraded connection ends with the drain at the latest', async () => {
    const { port, app } = await startNativeFastify(shout, { drainTimeoutMs: 50 })
    const raw = await RawSocket.open({ port })
    raw.write(upgradeHead('GET', 'shout'))
    await raw.untilText('101')
    await app.close()
    await raw.closed
  })
})

describe('without a listener', () => {
  test.each(['websocket', 'h2c', 'x, y'])('a request for %s is answered, and the one after it', async (protocol) => {
    const { port } = await startNativeFastify(echo)
    const raw = await RawSocket.open({ port })
    raw.write(upgradeHead('GET', protocol) + upgradeHead('GET', protocol) + NEXT)
    const text = await raw.untilText('[GET /next undefined ]')
    // Unchanged.
    expect(text.split(`[GET /up?a=1 ${protocol} ]`)).toHaveLength(3)
    expect(text).not.toMatch(/connection: close/i)
  })

  test('the request keeps its fields as sent', async () => {
    const { port } = await startNativeFastify((app) => app.get('/up', async ({ raw }) => raw.rawHeaders.join('|')))
    const raw = await RawSocket.open({ port })
    raw.write(upgradeHead('GET', 'x'))
    await raw.untilText('Host|a.localhost|X-A|1|Connection|keep-alive, Upgrade|Upgrade|x')
  })

  test.each([
    ['a length', 'Content-Length: 3\r\nContent-Type: text/x\r\n', 'abc'],
    ['chunks', 'Transfer-Encoding: chunked\r\nContent-Type: text/x\r\n', '3\r\nabc\r\n0\r\n\r\n'],
  ])(
    'a request with a body of %s is answered, and the one after it or its connection ends',
    async (_how, fields, body) => {
      const { port } = await startNativeFastify(echo)
      const raw = await RawSocket.open({ port })
      raw.write(upgradeHead('POST', 'x', fields) + body + NEXT)
      await Promise.race([raw.untilText('[GET /next undefined ]').catch(() => {}), raw.closed])
      expect(raw.text).toContain('[POST /up?a=1 x abc]')
      if (!raw.text.includes('/next')) expect(raw.text).toMatch(/connection: close/i)
    },
  )

  test('a call is served', async () => {
    const { origin } = await startNativeFastify(echo)
    const { body, ...call } = sayHello('connect-json')
    const headers = { ...call.headers, connection: 'upgrade', upgrade: 'h2c' }
    const answer = await exchangeHttp1(origin, { ...call, headers, ...(body === undefined ? {} : { body }) })
    expect(answer.body.toString()).toBe('{"message":"Hello Ada"}')
  })

  test('CONNECT is answered as not supported', async () => {
    const { port } = await startNativeFastify(echo)
    const raw = await RawSocket.open({ port })
    raw.write('CONNECT b.localhost:443 HTTP/1.1\r\nHost: b.localhost:443\r\n\r\n')
    await raw.closed
    expect(raw.text).toMatch(/^HTTP\/1\.1 501 /)
  })
})

test('after an HTTP/1.0 request with a transfer coding the connection is closed (RFC 9112 section 6.1)', async () => {
  const { port } = await startNativeFastify(echo)
  const raw = await RawSocket.open({ port })
  const head = 'POST /old HTTP/1.0\r\nHost: a.localhost\r\nConnection: keep-alive\r\nContent-Type: text/x\r\n'
  raw.write(`${head}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n${NEXT}`)
  await raw.closed
  expect(raw.text).toContain('[POST /old undefined abc]')
  expect(raw.text).toMatch(/connection: close/i)
  expect(raw.text).not.toContain('/next')
})
