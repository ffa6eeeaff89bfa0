/** Sessions over TLS: both roles against node:http2, and insecure TLS parameters. */
import { once } from 'node:events'
import http2 from 'node:http2'
import net, { type AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import tls from 'node:tls'
import { generate } from 'selfsigned'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  createClientSession,
  createServerSession,
  headerField,
  normalizeHttp2Options,
  type ServerSessionHandler,
} from '../../../../wire/http2/http2.ts'
import { ProcessMemory } from '../../../../wire/http2/process-memory.ts'
import { Recorder } from './harness.ts'

const BODY = Buffer.alloc(2_000_000, 'portico')
const memory = new ProcessMemory()
let key: string
let cert: string
let server: tls.Server
const ends: (Error | undefined)[] = []

/** Responds with the body of the request. */
const echo: ServerSessionHandler = {
  onRequest(stream) {
    const chunks: Buffer[] = []
    const sink = new Recorder()
    sink.onReadable = () => {
      do {
        if (stream.readableBytes > 0) chunks.push(Buffer.from(stream.read(stream.readableBytes)))
      } while (!stream.isPeerDone && stream.want(1))
      if (stream.isPeerDone) stream.reply([headerField(':status', '200')], Buffer.concat(chunks), null)
    }
    stream.sink = sink
    if (stream.want(1)) sink.onReadable(stream)
  },
  onClose: (_session, error) => ends.push(error),
}

beforeAll(async () => {
  const pems = await generate([{ name: 'commonName', value: 'localhost' }], { algorithm: 'sha256' })
  key = pems.private
  cert = pems.cert
  server = tls.createServer(
    { key, cert, ALPNProtocols: ['h2'], allowHalfOpen: true, minVersion: 'TLSv1.2', ciphers: 'ALL' },
    (socket) =>
      createServerSession(socket, normalizeHttp2Options('server', { memory, goawayTimeoutMs: 200 }), echo).start(),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})

afterAll(() => server.close())

test('a node:http2 client gets back what it sends', async () => {
  const { port } = server.address() as AddressInfo
  const client = http2.connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false })
  const answers = Array.from({ length: 3 }, async () => {
    const stream = client.request({ ':method': 'POST', ':path': '/' })
    stream.end(BODY)
    expect((await buffer(stream)).equals(BODY)).toBe(true)
  })
  await Promise.all(answers)
  await new Promise<void>((resolve) => client.close(resolve))
  expect(memory.heldBytes).toBe(0)
})

test('our client gets back what it sends', async () => {
  const { port } = server.address() as AddressInfo
  const socket = tls.connect({ port, host: '127.0.0.1', ALPNProtocols: ['h2'], rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  const { promise: closed, resolve } = Promise.withResolvers<Error | undefined>()
  const ready = Promise.withResolvers<void>()
  const session = createClientSession(socket, normalizeHttp2Options('client', { memory }), {
    onSettings: () => ready.resolve(),
    onClose: (_session, error) => resolve(error),
  })
  session.start()
  await ready.promise
  const recorder = new Recorder()
  const head = [':method', ':scheme', ':path', ':authority'].map((name, i) =>
    headerField(name, ['POST', 'https', '/', 'localhost'][i] as string),
  )
  const stream = session.request(head, recorder)
  stream.end(BODY)
  stream.want(1)
  await recorder.until(() => recorder.isDone)
  expect(recorder.body.equals(BODY)).toBe(true)
  session.close()
  expect(await closed).toBeUndefined()
  expect(memory.heldBytes).toBe(0)
})

test('TLS 1.2 with a cipher of RFC 9113 appendix A is INADEQUATE_SECURITY', async () => {
  const { port } = server.address() as AddressInfo
  const socket = tls.connect({
    port,
    host: '127.0.0.1',
    ALPNProtocols: ['h2'],
    rejectUnauthorized: false,
    maxVersion: 'TLSv1.2',
    ciphers: 'ECDHE-RSA-AES128-SHA',
  })
  const octets = await buffer(socket)
  const goaway = octets.indexOf(Buffer.from([7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 12]))
  expect(goaway).toBeGreaterThan(0)
  expect(ends.at(-1)).toMatchObject({ code: 12 })
})

test('a connection reset right after the handshake ends soon', async () => {
  const { port } = server.address() as AddressInfo
  const raw = net.connect({ port, host: '127.0.0.1' })
  const accepted = once(server, 'secureConnection') as Promise<[tls.TLSSocket]>
  const socket = tls.connect({ socket: raw, ALPNProtocols: ['h2'], rejectUnauthorized: false })
  socket.on('error', () => {})
  const [served] = await accepted
  served.on('error', () => {})
  const closed = once(served, 'close')
  raw.resetAndDestroy()
  await closed
  expect(served.destroyed).toBe(true)
})
