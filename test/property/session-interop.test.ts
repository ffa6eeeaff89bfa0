/** Our sessions against node:http2, in both roles: messages arrive complete, whatever the windows. */
import http2 from 'node:http2'
import net from 'node:net'
import { text } from 'node:stream/consumers'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type {
  Http2Session,
  Http2Stream as OurStream,
  RequestHead,
  StreamReset,
  StreamSink,
} from '../../wire/http2/http2.ts'
import { createClientSession, createServerSession, headerField, normalizeHttp2Options } from '../../wire/http2/http2.ts'
import { ProcessMemory } from '../../wire/http2/process-memory.ts'

/** One exchange of a scenario. */
interface Exchange {
  readonly up: number
  readonly down: number
  /** Sizes of the pieces in which bodies are written. */
  readonly piece: number
  readonly hasTrailers: boolean
  /** The client cancels when it has the response headers. */
  readonly isCancelled: boolean
}

interface Scenario {
  readonly initialWindowSize: number
  readonly maxFrameSize: number
  readonly headerTableSize: number
  /** The window that the peer changes to in the middle. */
  readonly laterWindowSize: number
  readonly exchanges: readonly Exchange[]
}

const size = fc.oneof(fc.nat(40), fc.nat(2_000), fc.nat(300_000))
const exchange: fc.Arbitrary<Exchange> = fc.record({
  up: size,
  down: size,
  piece: fc.oneof(fc.integer({ min: 40, max: 1_200 }), fc.integer({ min: 200, max: 70_000 })),
  hasTrailers: fc.boolean(),
  isCancelled: fc.boolean(),
})
const window = fc.oneof(fc.constantFrom(1_000, 16_384, 65_535), fc.integer({ min: 500, max: 1_000_000 }))
const scenario: fc.Arbitrary<Scenario> = fc.record({
  initialWindowSize: window,
  maxFrameSize: fc.constantFrom(16_384, 20_000, 1_000_000),
  headerTableSize: fc.constantFrom(0, 100, 4_096, 65_536),
  laterWindowSize: window,
  exchanges: fc.array(exchange, { minLength: 1, maxLength: 30 }),
})

const RUNS = { seed: 20_260_722, numRuns: 80 }

/** The octet at a place of every body. */
const pattern = Buffer.from(Array.from({ length: 251 }, (_, i) => i))
const bodyOf = (length: number) => Buffer.alloc(length, pattern)
const memory = new ProcessMemory()
const faults: unknown[] = []

/** Writes a body in pieces, waiting for room. */
class BodyWriter {
  private at = 0
  private readonly body: Buffer
  private readonly piece: number
  private readonly finish: () => void
  private pieces = 0

  constructor(length: number, piece: number, finish: () => void) {
    this.body = bodyOf(length)
    this.piece = piece
    this.finish = finish
  }

  go(stream: OurStream): void {
    while (this.at < this.body.length) {
      const chunk = this.body.subarray(this.at, this.at + this.piece)
      this.at += chunk.length
      if (!this.write(stream, chunk)) return
    }
    if (this.at !== Number.POSITIVE_INFINITY) this.finish()
    this.at = Number.POSITIVE_INFINITY
  }

  /** Writes two in three short pieces with `writeRange`. */
  private write(stream: OurStream, chunk: Buffer): boolean {
    this.pieces += 1
    if (chunk.length > SHORT_BYTES || this.pieces % 3 === 0) return stream.write(chunk)
    return stream.writeRange(chunk, 0, chunk.length)
  }
}

/** Longer pieces are never copied. */
const SHORT_BYTES = 1_200

/** Reads a body to its end. */
class BodyReader implements StreamSink {
  readonly chunks: Buffer[] = []
  isReset = false
  writer: BodyWriter | undefined
  private readonly onEnd: (stream: OurStream) => void
  private readonly onGone: (reset: StreamReset) => void
  onHead: (stream: OurStream) => void = () => {}

  constructor(onEnd: (stream: OurStream) => void, onGone: (reset: StreamReset) => void) {
    this.onEnd = onEnd
    this.onGone = onGone
  }

  onReadable(stream: OurStream): void {
    do {
      if (stream.readableBytes > 0) this.chunks.push(Buffer.from(stream.read(stream.readableBytes)))
    } while (!stream.isPeerDone && stream.want(1))
    if (stream.isPeerDone) this.onEnd(stream)
  }

  onWritable(stream: OurStream): void {
    this.writer?.go(stream)
  }

  onReset(_stream: OurStream, reset: StreamReset): void {
    this.isReset = true
    this.onGone(reset)
  }

  get body(): Buffer {
    return Buffer.concat(this.chunks)
  }
}

describe('our server, a node:http2 client', () => {
  const sessions = new Set<Http2Session>()
  const running = { now: 0, most: 0 }
  let server: net.Server

  beforeAll(async () => {
    const options = normalizeHttp2Options('server', { memory })
    server = net
      .createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
        const session = createServerSession(socket, options, {
          onRequest: (stream, head) => serve(stream, head, running),
          onFault: (_session, error) => faults.push(error),
          onClose: (closed) => sessions.delete(closed),
        })
        sessions.add(session)
        session.start()
      })
      .listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
  })

  afterAll(() => server.close())

  test('every exchange completes or is cancelled', async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async (plan) => {
        const { port } = server.address() as net.AddressInfo
        const { initialWindowSize, maxFrameSize, headerTableSize } = plan
        const client = http2.connect(`http://127.0.0.1:${port}`, {
          settings: { initialWindowSize, maxFrameSize, headerTableSize },
        })
        client.on('error', (error) => faults.push(error))
        const answers = plan.exchanges.map((item) => askNode(client, item))
        client.settings({ initialWindowSize: plan.laterWindowSize })
        await Promise.all(answers)
        await new Promise<void>((resolve) => client.close(resolve))
        expect(faults).toEqual([])
      }),
      RUNS,
    )
    expect(running.most).toBeLessThanOrEqual(100)
    while (sessions.size > 0) await new Promise((resolve) => setImmediate(resolve))
    expect(running.now).toBe(0)
    expect(memory.heldBytes).toBe(0)
  })
})

/** Reads the complete request, then responds as requested. */
function serve(stream: OurStream, head: RequestHead, running: { now: number; most: number }): void {
  const { down, piece, hasTrailers } = JSON.parse(head.get('x-exchange') ?? '') as Exchange
  running.most = Math.max(running.most, ++running.now)
  let isOver = false
  const over = () => {
    if (!isOver) running.now--
    isOver = true
    stream.release()
  }
  const answer = () => {
    stream.respond([headerField(':status', '200'), headerField('x-received', `${sink.body.length}`)])
    sink.writer = new BodyWriter(down, piece, () => {
      const sum = headerField('x-sum', `${sink.body.equals(bodyOf(sink.body.length))}`)
      if (hasTrailers) stream.sendTrailers([sum])
      else stream.end()
      over()
    })
    sink.writer.go(stream)
  }
  const sink = new BodyReader(answer, over)
  stream.sink = sink
  if (stream.want(1)) sink.onReadable(stream)
}

async function askNode(client: http2.ClientHttp2Session, item: Exchange): Promise<void> {
  const stream = client.request({ ':method': 'POST', ':path': '/', 'x-exchange': JSON.stringify(item) })
  const up = bodyOf(item.up)
  for (let at = 0; at < up.length; at += item.piece) stream.write(up.subarray(at, at + item.piece))
  stream.end()
  const trailers = new Promise((resolve) => stream.once('trailers', resolve))
  const closed = new Promise((resolve) => stream.once('close', resolve))
  const head = await new Promise<http2.IncomingHttpHeaders>((resolve, reject) => {
    stream.once('response', resolve)
    stream.once('error', reject)
  })
  expect(head['x-received']).toBe(`${item.up}`)
  if (item.isCancelled) {
    stream.close(http2.constants.NGHTTP2_CANCEL)
    stream.resume()
    await closed
    return
  }
  expect(await text(stream.setEncoding('latin1'))).toBe(bodyOf(item.down).toString('latin1'))
  if (item.hasTrailers) expect(await trailers).toMatchObject({ 'x-sum': 'true' })
}

describe('our client, a node:http2 server', () => {
  let server: http2.Http2Server
  let plan: Scenario

  beforeAll(async () => {
    server = http2.createServer()
    server.on('session', (session) =>
      session.once('remoteSettings', () => session.settings({ initialWindowSize: plan.laterWindowSize })),
    )
    server.on('stream', (stream: http2.ServerHttp2Stream, headers) => void answerNode(stream, headers).catch(() => {}))
    server.listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
  })

  afterAll(() => server.close())

  test('every exchange completes or is cancelled', async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async (next) => {
        plan = next
        const { initialWindowSize, maxFrameSize, headerTableSize } = plan
        server.updateSettings({ initialWindowSize, maxFrameSize, headerTableSize, maxConcurrentStreams: 1_000 })
        const client = await connect((server.address() as net.AddressInfo).port)
        await Promise.all(plan.exchanges.map((item) => askOurs(client.session, item)))
        client.session.close()
        expect(await client.closed).toBeUndefined()
        expect(faults).toEqual([])
      }),
      RUNS,
    )
    expect(memory.heldBytes).toBe(0)
  })
})

async function answerNode(stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders): Promise<void> {
  stream.on('error', () => {})
  const item = JSON.parse(String(headers['x-exchange'])) as Exchange
  const received = await text(stream.setEncoding('latin1'))
  if (stream.destroyed) return
  const isRight = received === bodyOf(item.up).toString('latin1')
  stream.respond({ ':status': 200, 'x-right': `${isRight}` }, { waitForTrailers: item.hasTrailers })
  stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': 'true' }))
  stream.end(bodyOf(item.down))
}

async function connect(port: number): Promise<{ session: Http2Session; closed: Promise<Error | undefined> }> {
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  await new Promise((resolve) => socket.once('connect', resolve))
  const { promise: closed, resolve: setClosed } = Promise.withResolvers<Error | undefined>()
  const { promise: ready, resolve: setReady } = Promise.withResolvers<void>()
  const session = createClientSession(socket, normalizeHttp2Options('client', { memory }), {
    onSettings: () => setReady(),
    onFault: (_session, error) => faults.push(error),
    onClose: (_session, error) => setClosed(error),
  })
  session.start()
  await ready
  return { session, closed }
}

async function askOurs(session: Http2Session, item: Exchange): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const sink = new BodyReader(
      (stream) => {
        expect(sink.body.equals(bodyOf(item.down))).toBe(true)
        if (item.hasTrailers)
          expect(stream.trailers?.map(({ name, value }) => [name, value])).toEqual([['x-sum', 'true']])
        resolve()
      },
      (reset) => reject(new Error(`${reset.source} ${reset.code} ${reset.reason}`)),
    )
    sink.onHead = (stream) => {
      if (!item.isCancelled) return
      stream.reset(8)
      resolve()
    }
    const head = [
      [':method', 'POST'],
      [':scheme', 'http'],
      [':path', '/'],
      [':authority', 'test'],
      ['x-exchange', JSON.stringify(item)],
    ] as const
    const stream = session.request(
      head.map(([name, value]) => headerField(name, value)),
      sink,
    )
    sink.writer = new BodyWriter(item.up, item.piece, () => stream.end())
    sink.writer.go(stream)
    stream.want(1)
  })
}
