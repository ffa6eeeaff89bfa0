/** An error in an owner's callback ends its stream, is reported once, and affects nothing else. */
import { describe, expect, onTestFinished, test } from 'vitest'
import { scheduleFlush } from '../../../../wire/http2/flush-scheduler.ts'
import { FrameFlag as F, FrameType as T } from '../../../../wire/http2/frame.ts'
import {
  createClientSession,
  createServerSession,
  type Http2Session,
  type Http2Stream,
  headerField,
  normalizeHttp2Options,
  type ServerSessionHandler,
  type StreamReset,
} from '../../../../wire/http2/http2.ts'
import { ProcessMemory } from '../../../../wire/http2/process-memory.ts'
import { frame, headers, RawPeer, settingsFrame, socketPair, uint32 } from '../../../support/raw-http2.ts'
import { OK, POST } from './harness.ts'

const INTERNAL_ERROR = 2
const END = F.END_HEADERS | F.END_STREAM

/** Callbacks of a stream, one of which throws for the selected streams. */
class ThrowingSink {
  readonly calls: string[] = []
  readonly resets: StreamReset[] = []
  readonly #throwsIn: string
  readonly #error: Error

  constructor(throwsIn: string, error: Error) {
    this.#throwsIn = throwsIn
    this.#error = error
  }

  onHead(): void {
    this.#note('onHead')
  }

  onReadable(stream: Http2Stream): void {
    this.#note('onReadable')
    if (stream.readableBytes > 0) stream.read(stream.readableBytes)
    stream.want(1)
  }

  onWritable(): void {
    this.#note('onWritable')
  }

  onReset(stream: Http2Stream, reset: StreamReset): void {
    this.resets.push(reset)
    stream.release()
    this.#note('onReset')
  }

  #note(name: string): void {
    this.calls.push(name)
    if (name === this.#throwsIn) throw this.#error
  }
}

interface Bench {
  readonly session: Http2Session
  readonly peer: RawPeer
  readonly faults: unknown[]
  readonly memory: ProcessMemory
  readonly closed: Promise<void>
}

async function open(
  role: 'server' | 'client',
  handler: Partial<ServerSessionHandler>,
  options: { maxConcurrentStreams?: number; streamHighWaterBytes?: number } = {},
): Promise<Bench> {
  const { near, far } = await socketPair()
  const memory = new ProcessMemory()
  const faults: unknown[] = []
  const closed = Promise.withResolvers<void>()
  const whole: ServerSessionHandler = {
    onRequest() {},
    onFault: (_session, thrown) => faults.push(thrown),
    ...handler,
    onClose(session, error) {
      closed.resolve()
      handler.onClose?.(session, error)
    },
  }
  const session =
    role === 'server'
      ? createServerSession(near, normalizeHttp2Options('server', { memory, ...options }), whole)
      : createClientSession(near, normalizeHttp2Options('client', { memory, ...options }), whole)
  const peer = new RawPeer(far, role === 'client')
  onTestFinished(() => peer.close())
  session.start()
  peer.hello({ isClient: role === 'server', settings: [[3, 10]] })
  await peer.settled()
  return { session, peer, faults, memory, closed: closed.promise }
}

async function close({ peer, closed, memory }: Bench): Promise<void> {
  peer.close()
  await closed
  expect([memory.size, memory.heldBytes]).toEqual([0, 0])
}

const isReset = (id: number) => (f: { type: number; streamId: number }) => f.type === T.RST_STREAM && f.streamId === id

describe('a server', () => {
  /** Streams 1 and 5 have owners that throw, 3 has one that does not. */
  async function serve(throwsIn: string) {
    const error = new Error(`fault in ${throwsIn}`)
    const sinks = new Map<number, ThrowingSink>()
    const bench = await open(
      'server',
      {
        onRequest(stream) {
          const sink = new ThrowingSink(stream.id === 3 ? '' : throwsIn, error)
          sinks.set(stream.id, sink)
          stream.sink = sink
          if (throwsIn === 'onRequest' && stream.id !== 3) throw error
          if (throwsIn === 'onWritable') {
            stream.respond([headerField(':status', '200')])
            while (stream.write(Buffer.alloc(1_000)));
          }
          stream.want(1)
        },
      },
      { streamHighWaterBytes: 4_000 },
    )
    const ids = [1, 3, 5]
    bench.peer.raw(...ids.map((id) => headers(id, POST)))
    await bench.peer.settled()
    bench.peer.raw(...ids.map((id) => frame(T.DATA, 0, id, [id])))
    await bench.peer.settled()
    return { bench, sinks, error }
  }

  test.each(['onRequest', 'onReadable', 'onWritable'])('%s throws', async (throwsIn) => {
    const { bench, sinks, error } = await serve(throwsIn)
    for (const id of [1, 5]) {
      const reset = await bench.peer.frame(isReset(id))
      expect(reset.payload.readUInt32BE(0)).toBe(INTERNAL_ERROR)
      expect(sinks.get(id)?.resets).toMatchObject([{ code: INTERNAL_ERROR, source: 'local' }])
    }
    expect(bench.faults).toEqual([error, error])
    expect(sinks.get(3)?.calls).toContain(throwsIn === 'onWritable' ? 'onWritable' : 'onReadable')
    expect(sinks.get(3)?.resets).toEqual([])
    expect(bench.session.openStreams).toBe(1)
    await close(bench)
  })

  test('onReset throws', async () => {
    const { bench, sinks, error } = await serve('onReset')
    bench.peer.raw(...[1, 3, 5].map((id) => frame(T.RST_STREAM, 0, id, uint32(8))))
    await bench.peer.settled()
    expect(bench.faults).toEqual([error, error])
    expect([...sinks.values()].map(({ resets }) => resets.length)).toEqual([1, 1, 1])
    await close(bench)
  })

  test.each<[where: string, onRequest: (stream: Http2Stream) => void]>([
    [
      'onRequest',
      () => {
        throw new Error('no')
      },
    ],
    [
      'onReadable and onReset',
      (stream) => {
        const fail = (): never => {
          throw new Error('no')
        }
        stream.sink = { onHead() {}, onWritable() {}, onReadable: fail, onReset: fail }
        stream.want(1)
      },
    ],
  ])('an owner that always throws in %s occupies no slot for good', async (_where, onRequest) => {
    let started = 0
    const count = 20
    const bench = await open(
      'server',
      {
        onRequest(stream) {
          started++
          onRequest(stream)
        },
      },
      { maxConcurrentStreams: 2 },
    )
    for (let i = 0; i < count; i++) {
      bench.peer.headers(2 * i + 1, POST)
      await bench.peer.settled()
      bench.peer.send(T.DATA, 0, 2 * i + 1, [0])
      await bench.peer.frame(isReset(2 * i + 1))
    }
    expect(started).toBe(count)
    await close(bench)
  })

  test('timeoutMsOf throws: the reset is judged as one without a deadline', async () => {
    const error = new Error('fault in timeoutMsOf')
    const bench = await open('server', {
      timeoutMsOf() {
        throw error
      },
    })
    bench.peer.raw(headers(1, POST), frame(T.RST_STREAM, 0, 1, uint32(8)), headers(3, POST))
    await bench.peer.settled()
    expect(bench.faults).toEqual([error])
    expect(bench.session.openStreams).toBe(1)
    await close(bench)
  })
})

describe('a client', () => {
  /** The owner of the first request throws. The responses to all requests arrive in one chunk. */
  async function ask(throwsIn: string) {
    const error = new Error(`fault in ${throwsIn}`)
    const bench = await open('client', {})
    const head = POST.map(([name, value]) => headerField(name, value))
    const sinks = [throwsIn, '', throwsIn].map((where) => new ThrowingSink(where, error))
    const streams = sinks.map((sink) => bench.session.request(head, sink))
    for (const stream of streams) stream.want(1)
    await bench.peer.frame((f) => f.type === T.HEADERS, 3)
    return { bench, sinks, streams, error }
  }

  test.each(['onHead', 'onReadable'])('%s throws', async (throwsIn) => {
    const { bench, sinks, error } = await ask(throwsIn)
    bench.peer.raw(...[1, 3, 5].flatMap((id) => [headers(id, OK), frame(T.DATA, 0, id, [id])]))
    await bench.peer.settled()
    expect(bench.faults).toEqual([error, error])
    expect(sinks.map(({ resets }) => resets.map(({ code, source }) => `${source} ${code}`))).toEqual([
      ['local 2'],
      [],
      ['local 2'],
    ])
    expect(sinks[1]?.calls).toEqual(['onHead', 'onReadable'])
    expect(bench.peer.frames.filter((f) => f.type === T.RST_STREAM).map((f) => f.streamId)).toEqual([1, 5])
    await close(bench)
  })

  test('onReadable of a complete response throws: its owner gets the error', async () => {
    const { bench, sinks, error } = await ask('onReadable')
    bench.peer.raw(...[1, 3, 5].flatMap((id) => [headers(id, OK), frame(T.DATA, F.END_STREAM, id, [id])]))
    await bench.peer.settled()
    expect(bench.faults).toEqual([error, error])
    expect(sinks.map(({ resets }) => resets.length)).toEqual([1, 0, 1])
    await close(bench)
  })

  test('onReset throws', async () => {
    const { bench, sinks, error } = await ask('onReset')
    bench.peer.raw(...[1, 3, 5].map((id) => frame(T.RST_STREAM, 0, id, uint32(8))))
    await bench.peer.settled()
    expect(bench.faults).toEqual([error, error])
    expect(sinks.map(({ resets }) => resets.length)).toEqual([1, 1, 1])
    await close(bench)
  })

  test('onCapacity throws', async () => {
    const error = new Error('fault in onCapacity')
    let calls = 0
    const bench = await open('client', {
      onCapacity() {
        calls++
        throw error
      },
    })
    const head = POST.map(([name, value]) => headerField(name, value))
    for (let id = 1; id < 20; id += 2) bench.session.request(head, new ThrowingSink('', error))
    expect(bench.session.canRequest).toBe(false)
    await bench.peer.frame((f) => f.type === T.HEADERS, 10)
    bench.peer.raw(headers(1, OK, END))
    await bench.peer.settled()
    expect([calls, bench.faults]).toEqual([1, [error]])
    await close(bench)
  })
})

describe.each(['server', 'client'] as const)('session callbacks of a %s', (role) => {
  test.each(['onSettings', 'onPing', 'onPingAck', 'onGoaway', 'onClose'])('%s throws', async (name) => {
    const error = new Error(`fault in ${name}`)
    let calls = 0
    const bench = await open(role, {
      [name]: () => {
        calls++
        throw error
      },
    })
    bench.session.ping()
    const ping = await bench.peer.frame((f) => f.type === T.PING && f.flags === 0)
    bench.peer.raw(settingsFrame([]), frame(T.PING, F.ACK, 0, ping.payload), frame(T.GOAWAY, 0, 0, Buffer.alloc(8)))
    await bench.peer.settled()
    bench.peer.close()
    await bench.closed
    await new Promise(setImmediate)
    expect(calls).toBeGreaterThan(0)
    expect(bench.faults).toEqual(Array(calls).fill(error))
    expect(bench.memory.size).toBe(0)
  })

  test('onFault throws: both errors are process warnings', async () => {
    const texts: string[] = []
    const onWarning = ({ message }: Error): void => void texts.push(message)
    process.on('warning', onWarning)
    onTestFinished(() => void process.off('warning', onWarning))
    const bench = await open(role, {
      onGoaway() {
        throw new Error('fault in onGoaway')
      },
      onFault() {
        throw new Error('fault in onFault')
      },
    })
    bench.peer.send(T.GOAWAY, 0, 0, Buffer.alloc(8))
    await bench.peer.settled()
    await expect.poll(() => texts).toEqual(['fault in onGoaway', 'fault in onFault'])
    await close(bench)
  })
})

test('a flush that throws does not prevent the others', async () => {
  const flushed: number[] = []
  const texts: string[] = []
  const onWarning = ({ message }: Error): void => void texts.push(message)
  process.on('warning', onWarning)
  onTestFinished(() => void process.off('warning', onWarning))
  for (const number of [1, 2, 3, 4]) {
    scheduleFlush({
      flush() {
        flushed.push(number)
        if (number % 2 === 1) throw new Error(`flush ${number}`)
      },
    })
  }
  await expect.poll(() => texts).toEqual(['flush 1', 'flush 3'])
  expect(flushed).toEqual([1, 2, 3, 4])
})
