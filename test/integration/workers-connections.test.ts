/** How the connections of clients meet the workers of a server. */
import { once } from 'node:events'
import { type ClientHttp2Session, connect } from 'node:http2'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import { expect, onTestFinished, test } from 'vitest'
import { sayHello } from '../support/calls.ts'
import { testCertificates } from '../support/certificates.ts'
import { ServerProcess } from '../support/server-process.ts'
import { temporaryFile } from '../support/temporary-file.ts'
import { TerminalProcess } from '../support/terminal-process.ts'
import { callsOf, listenWithWorkers } from '../support/worker-processes.ts'

const SERVER = new URL('../../server/index.js', import.meta.url).pathname

/** A client with one long connection, which it opens again when the server asks it to go away. */
class LongClient {
  readonly #origin: string
  #session: ClientHttp2Session
  #isClosed = false
  reconnects = 0

  constructor(origin: string) {
    this.#origin = origin
    this.#session = this.#open()
  }

  /** Resolves once a worker has the connection. */
  async untilServed(): Promise<void> {
    await once(this.#session, 'connect')
    await new Promise<void>((resolve) => this.#session.ping(() => resolve()))
  }

  async call(): Promise<void> {
    const { path, headers, body } = sayHello('connect')
    const stream = this.#session.request({ ':method': 'POST', ':path': path, ...headers })
    stream.resume().end(body)
    await once(stream, 'close')
    expect(stream.rstCode).toBe(0)
  }

  close(): void {
    this.#isClosed = true
    this.#session.destroy()
  }

  #open(): ClientHttp2Session {
    const session = connect(this.#origin).on('error', () => {})
    session.once('goaway', () => {
      if (this.#isClosed) return
      this.reconnects += 1
      this.#session = this.#open()
      session.close()
    })
    return session
  }
}

test('8 long connections spread over 4 workers, two each, and do so again within one age', async () => {
  const { server, origin, pids } = await listenWithWorkers(4, ['--max-connection-age', '2s'])
  const clients: LongClient[] = []
  onTestFinished(() => {
    for (const client of clients) client.close()
  })
  for (let n = 0; n < 8; n += 1) {
    const client = new LongClient(origin)
    clients.push(client)
    await client.untilServed()
  }
  /** How many of the clients each worker serves, as one call of each client shows. */
  const spread = async () => {
    const before = callsOf(server).length
    for (const client of clients) await client.call()
    await expect.poll(() => callsOf(server).length).toBe(before + clients.length)
    const served = callsOf(server).slice(before)
    return [...new Set(pids().keys())].map((worker) => served.filter((id) => id === worker).length)
  }
  const isEven = (counts: readonly number[]) => counts.every((count) => count >= 1 && count <= 3)
  expect(await spread()).toSatisfy(isEven)
  await expect.poll(() => clients.every(({ reconnects }) => reconnects > 0), { timeout: 10_000 }).toBe(true)
  const counts = await spread()
  expect(counts).toHaveLength(4)
  expect(counts).toSatisfy(isEven)
})

/** Makes a call on a TLS connection of its own. Returns the session to resume, and whether the given one was. */
async function callByTls(port: number, options: ConnectionOptions): Promise<{ session: Buffer; isReused: boolean }> {
  const socket = connectTls({ port, servername: 'localhost', ALPNProtocols: ['http/1.1'], ...options })
  let session = options.session as Buffer
  socket.on('session', (received) => {
    session = received
  })
  await once(socket, 'secureConnect')
  const isReused = socket.isSessionReused()
  const { path, headers, body = '' } = sayHello('connect')
  const fields = { host: 'localhost', connection: 'close', 'content-length': body.length, ...headers }
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.write(`POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n`)
  socket.write(body)
  socket.resume()
  await once(socket, 'close')
  return { session, isReused }
}

test('a session of TLS 1.2 or 1.3 resumes with any worker', async () => {
  const { ca, server: certificate } = await testCertificates()
  const certFile = await temporaryFile('cert.pem', certificate.cert)
  const keyFile = await temporaryFile('key.pem', certificate.key)
  const { server, port } = await ServerProcess.listen(['--workers', '2', '--tls-cert', certFile, '--tls-key', keyFile])
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const before = callsOf(server).length
    let { session } = await callByTls(port, { ca, maxVersion })
    const resumed: boolean[] = []
    for (let n = 0; n < 4; n += 1) {
      const next = await callByTls(port, { ca, maxVersion, session })
      resumed.push(next.isReused)
      session = next.session
    }
    expect(resumed).toEqual([true, true, true, true])
    await expect.poll(() => callsOf(server).length).toBe(before + 5)
    expect(new Set(callsOf(server).slice(before)).size).toBe(2)
  }
})

test('a terminal shows one banner, and Ctrl-C drains all once', async () => {
  const program = new TerminalProcess([SERVER, '--port', '0', '--workers', '2'])
  const [, port] = await program.until(/http:\/\/127\.0\.0\.1:(\d+)/)
  await program.until(/with 2 workers[\s\S]*Ctrl-C drains/)
  expect((await fetch(`http://127.0.0.1:${port}/livez`)).status).toBe(200)
  program.pressCtrlC()
  expect(await program.exited).toBe(0)
  expect(program.output.match(/Ctrl-C drains/g)).toHaveLength(1)
  expect(program.output.match(/draining/g)).toHaveLength(1)
  expect(program.output).not.toContain('Server listening')
})
