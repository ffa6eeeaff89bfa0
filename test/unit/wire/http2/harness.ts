/** Sessions under test: one end is ours, the other a raw peer. */
import type { Http2Stream, RequestHead, ResponseHead, StreamReset, StreamSink } from '../../../../wire/http2/http2.ts'
import {
  createClientSession,
  createServerSession,
  type Http2Options,
  type Http2Session,
  headerField,
  normalizeHttp2Options,
} from '../../../../wire/http2/http2.ts'
import { ProcessMemory } from '../../../../wire/http2/process-memory.ts'
import { type RawFields, RawPeer, socketPair } from '../../../support/raw-http2.ts'

/** A request as raw peers send it, to be varied. */
export const GET: RawFields = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':path', '/'],
  [':authority', 'test'],
]

export const POST: RawFields = [[':method', 'POST'], ...GET.slice(1)]

/** The same for a response. */
export const OK: RawFields = [[':status', '200']]

/** Records the events of a stream. */
export class Recorder implements StreamSink {
  head: ResponseHead | undefined
  body = Buffer.alloc(0)
  isDone = false
  reset: StreamReset | undefined
  writable = 0
  private waiting: (() => void)[] = []

  onHead(_stream: Http2Stream, head: ResponseHead): void {
    this.head = head
    this.wake()
  }

  onReadable(stream: Http2Stream): void {
    do {
      if (stream.readableBytes > 0) this.body = Buffer.concat([this.body, stream.read(stream.readableBytes)])
      if (stream.isPeerDone) this.isDone = true
    } while (!this.isDone && stream.want(1))
    this.wake()
  }

  onWritable(): void {
    this.writable++
    this.wake()
  }

  onReset(_stream: Http2Stream, reset: StreamReset): void {
    this.reset = reset
    this.wake()
  }

  /** Waits until something holds. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.waiting.push(resolve))
  }

  private wake(): void {
    const waiting = this.waiting
    this.waiting = []
    for (const resolve of waiting) resolve()
  }
}

/** A session and its peer, and the calls of its owner. */
export interface Bench {
  readonly session: Http2Session
  readonly peer: RawPeer
  readonly memory: ProcessMemory
  /** Requests that reached a server's handler, in order. */
  readonly requests: { stream: Http2Stream; head: RequestHead; recorder: Recorder }[]
  /** Called once the session is over. */
  readonly closed: Promise<Error | undefined>
  readonly faults: unknown[]
  readonly events: string[]
}

/** Streams that a server leaves unanswered and unread, unless `onRequest` does something about them. */
export interface ServerBenchOptions extends Http2Options {
  readonly onRequest?: (stream: Http2Stream, head: RequestHead) => void
  readonly timeoutMsOf?: (head: RequestHead) => number | undefined
}

/** Our server against a raw client, which has sent its preface by default. */
export async function serverBench(options: ServerBenchOptions = {}, saysHello = true): Promise<Bench> {
  const { onRequest, timeoutMsOf, ...http2 } = options
  const { near, far } = await socketPair()
  const memory = options.memory ?? new ProcessMemory()
  const requests: Bench['requests'] = []
  const faults: unknown[] = []
  const events: string[] = []
  const { promise: closed, resolve } = Promise.withResolvers<Error | undefined>()
  const session = createServerSession(near, normalizeHttp2Options('server', { ...http2, memory }), {
    onRequest(stream, head) {
      const recorder = new Recorder()
      stream.sink = recorder
      requests.push({ stream, head, recorder })
      onRequest?.(stream, head)
    },
    ...(timeoutMsOf !== undefined && { timeoutMsOf }),
    onGoaway: (_session, { code }) => events.push(`goaway ${code}`),
    onFault: (_session, error) => faults.push(error),
    onClose: (_session, error) => resolve(error),
  })
  session.start()
  const peer = new RawPeer(far, false)
  if (saysHello) peer.hello({ isClient: true })
  return { session, peer, memory, requests, closed, faults, events }
}

/** Our client, ready for requests, against a raw server, which has sent its SETTINGS by default. */
export async function clientBench(
  options: Http2Options & { settings?: readonly (readonly [number, number])[] } = {},
  saysHello = true,
): Promise<Bench> {
  const { settings = [], ...http2 } = options
  const { near, far } = await socketPair()
  const memory = options.memory ?? new ProcessMemory()
  const faults: unknown[] = []
  const events: string[] = []
  const { promise: closed, resolve } = Promise.withResolvers<Error | undefined>()
  const { promise: ready, resolve: setReady } = Promise.withResolvers<void>()
  const session = createClientSession(near, normalizeHttp2Options('client', { ...http2, memory }), {
    onSettings: () => setReady(),
    onGoaway: (_session, { code }) => events.push(`goaway ${code}`),
    onPingAck: () => events.push('ping ack'),
    onCapacity: () => events.push('capacity'),
    onFault: (_session, error) => faults.push(error),
    onClose: (_session, error) => resolve(error),
  })
  session.start()
  const peer = new RawPeer(far, true)
  if (saysHello) {
    peer.hello({ isClient: false, settings })
    await ready
  }
  return { session, peer, memory, requests: [], closed, faults, events }
}

/** A client's request with our side left open, or ended; its body is read as it comes, or not at all. */
export function ask(
  session: Http2Session,
  endsStream: boolean,
  method = 'POST',
  reads = true,
): { stream: Http2Stream; recorder: Recorder } {
  const recorder = new Recorder()
  const fields = POST.map(([name, value]) => headerField(name, name === ':method' ? method : value))
  const stream = session.request(fields, recorder, { endsStream, isHead: method === 'HEAD' })
  if (reads) stream.want(1)
  return { stream, recorder }
}

/** Closes both ends and waits for the session's end. */
export async function closeBench(bench: Bench): Promise<void> {
  bench.peer.close()
  await bench.closed
}
