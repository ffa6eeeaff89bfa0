/** A session whose receive windows are tracked twice: by its own accounting, and by a peer that sees what was announced. */
import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import type { Http2Stream, ServerSessionHandler } from '../../wire/http2/contract.ts'
import { DEFAULT_WINDOW, FrameFlag as F, FRAME_HEADER_BYTES, PREFACE, FrameType as T } from '../../wire/http2/frame.ts'
import { normalizeHttp2Options } from '../../wire/http2/options.ts'
import { ProcessMemory } from '../../wire/http2/process-memory.ts'
import { Session } from '../../wire/http2/session.ts'
import { TimerWheel } from '../../wire/http2/timer-wheel.ts'
import { FrameSplitter } from './frame-splitter.ts'
import type { Frame } from './http2-frames.ts'
import { ManualClock } from './manual-clock.ts'
import { frame, headers, type RawFields, settingsFrame } from './raw-http2.ts'

/** One event. The meaning of its numbers depends on its kind; every value is valid. */
export interface FlowStep {
  /** Of {@link FLOW_STEPS} kinds. */
  readonly kind: number
  /** Which of the open streams. */
  readonly stream: number
  /** How many octets. */
  readonly size: number
  /** The variant, such as padded, cut in two, or under memory pressure. */
  readonly flags: number
}

/** The initial state of a bench. */
export interface FlowStart {
  readonly role: 'server' | 'client'
  /** Idle open streams: above 256 the connection is credited on consumption. */
  readonly sleepers: number
}

const WINDOW = 100_000
const LIMIT_BYTES = 400_000
const MANY = 2 ** 31 - 1
const NO_TIMER_MS = 1_000_000
const POST: RawFields = [
  [':method', 'POST'],
  [':scheme', 'http'],
  [':path', '/'],
  [':authority', 'test'],
]
const HEAD = POST.map(([name, value]) => ({ name, value }))
const OK = [{ name: ':status', value: '200' }]
const SINK = { onHead() {}, onReadable() {}, onWritable() {}, onReset() {} }
const CANCEL = 8
const ROUND_TRIP_MS = 20

/** The peer's view of a stream. */
class PeerStream {
  readonly id: number
  readonly stream: Http2Stream
  window = WINDOW
  /** The peer has sent its headers, and the end of its message. */
  hasHead = false
  isDone = false

  constructor(id: number, stream: Http2Stream) {
    this.id = id
    this.stream = stream
  }
}

/** A DATA frame whose header was sent. */
interface CutFrame {
  readonly id: number
  /** Bytes of its payload, including padding and the pad length. */
  readonly length: number
  readonly padding: number
  /** Bytes not yet sent. */
  readonly rest: Buffer
}

class FakeSocket extends Duplex {
  readonly written: Buffer[] = []

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.written.push(Buffer.from(chunk))
    done()
  }

  setNoDelay(): this {
    return this
  }
}

/** Runs events in order; {@link FlowBench.check} runs after each. */
export class FlowBench {
  readonly session: Session
  readonly #memory = new ProcessMemory()
  readonly #clock = new ManualClock()
  readonly #socket = new FakeSocket({ allowHalfOpen: true })
  readonly #splitter: FrameSplitter
  readonly #isServer: boolean
  readonly #peers = new Map<number, PeerStream>()
  readonly #sleepers: number
  #accepted: Http2Stream[] = []
  #peerWindow = DEFAULT_WINDOW
  #lastId = -1
  /** The rest of a cut frame, and the part of it that counts against the windows. */
  #cut: CutFrame | null = null
  #error: Error | undefined

  constructor({ role, sleepers }: FlowStart) {
    this.#isServer = role === 'server'
    this.#splitter = new FrameSplitter(!this.#isServer)
    this.#sleepers = sleepers
    this.session = this.#createSession(role)
    this.session.start()
    this.#clock.advance(ROUND_TRIP_MS)
    this.#receive(this.#isServer ? PREFACE : Buffer.alloc(0), settingsFrame([[3, 10_000]]), frame(T.SETTINGS, F.ACK, 0))
    for (let i = 0; i < sleepers; i++) this.#open()
    this.#flush()
  }

  /** Streams that take part. */
  get #active(): PeerStream[] {
    return [...this.#peers.values()].slice(this.#sleepers)
  }

  apply({ kind, stream, size, flags }: FlowStep): void {
    const active = this.#active
    const peer = active[stream % Math.max(1, active.length)]
    const step = STEPS[kind % STEPS.length] as (typeof STEPS)[number]
    if (step === 'open') this.#open(flags % 3 === 0 ? size % 5_000 : undefined)
    else if (step === 'flush') this.#flush()
    else if (step === 'pressure') this.#memory.heldBytes += this.#memory.heldBytes < MANY ? MANY : -MANY
    else if (step === 'rest') this.#sendRest(size)
    else if (peer !== undefined) this.#applyTo(peer, step, { size, flags })
    this.#forgetClosed()
  }

  /** The accounting of the session is consistent, and the peer may send exactly what was granted. */
  check(): void {
    const { receiveFlow } = this.session.parts
    const streams = this.session.state.streams.list()
    let debts = 0
    for (const stream of streams) debts += stream.connectionDebt
    assert.equal(this.#error, undefined)
    assert.equal(receiveFlow.granted + receiveFlow.owed + debts, receiveFlow.window, 'the window of the connection')
    assert(receiveFlow.owed * 2 < receiveFlow.window, 'credit that is due is given')
    for (const stream of streams) {
      if (stream.connectionDebt < 0) assert.fail(`stream ${stream.id} has repaid more than it owed`)
      if (stream.isPeerDone || stream.isDiscarding) continue
      const uncredited = stream.receivedBytes - stream.creditedBytes
      const sum = stream.granted + stream.owed + uncredited + this.#inFlightOf(stream.id)
      if (sum !== stream.window) assert.fail(`${sum} of the window of stream ${stream.id}, which is ${stream.window}`)
    }
  }

  /** Ends all streams. Then the whole window is granted or owed, and the peer was notified of all granted octets. */
  end(): void {
    const { receiveFlow } = this.session.parts
    this.#sendRest(MANY)
    for (const { stream } of this.#peers.values()) {
      stream.reset(CANCEL)
      stream.release()
    }
    this.#forgetClosed()
    this.#flush()
    this.check()
    assert.equal(this.session.openStreams, 0)
    assert.equal(receiveFlow.granted + receiveFlow.owed, receiveFlow.window)
    assert.equal(this.#peerWindow, receiveFlow.granted)
    assert.equal(receiveFlow.heldBytes, 0)
    this.#socket.destroy()
  }

  #createSession(role: FlowStart['role']): Session {
    const options = normalizeHttp2Options(role, {
      memory: this.#memory,
      timers: new TimerWheel(this.#clock),
      maxConcurrentStreams: 1_000,
      streamWindowBytes: WINDOW,
      maxStreamWindowBytes: LIMIT_BYTES,
      connectionWindowBytes: WINDOW,
      maxConnectionWindowBytes: LIMIT_BYTES,
      sessionBufferBytes: 1_000 * WINDOW,
      malformedBurst: MANY,
      glitchBurst: MANY,
      refusedBurst: MANY,
      earlyResetBurst: MANY,
      resetBurst: MANY,
      processBufferBytes: 1.5 * 2 ** 31,
      handshakeTimeoutMs: NO_TIMER_MS,
    })
    const handler: ServerSessionHandler = {
      onRequest: (stream) => {
        stream.sink = SINK
        this.#accepted.push(stream)
      },
      onClose: (_session, error) => {
        this.#error ??= error
      },
    }
    return new Session(this.#socket as unknown as Socket, { options, handler })
  }

  #receive(...octets: Buffer[]): void {
    this.#socket.emit('data', Buffer.concat(octets))
  }

  /** Delivers the session's output to the peer at once, and advances time. */
  #flush(): void {
    this.#clock.advance(ROUND_TRIP_MS)
    this.session.flush()
    for (const sent of this.#splitter.take(Buffer.concat(this.#socket.written.splice(0)))) this.#take(sent)
    assert.equal(this.#peerWindow, this.session.parts.receiveFlow.granted, 'what the peer may send')
    for (const { id, window, isDone } of this.#peers.values()) {
      const stream = this.session.state.streams.get(id)
      if (stream === undefined || isDone || window === stream.granted) continue
      assert.fail(`the peer may send ${window} on ${id}, granted are ${stream.granted}`)
    }
  }

  #take({ type, streamId, payload }: Frame): void {
    if (type !== T.WINDOW_UPDATE) return
    const increment = payload.readUInt32BE(0)
    assert(increment > 0)
    const peer = this.#peers.get(streamId)
    if (streamId === 0) this.#peerWindow += increment
    else if (peer !== undefined) peer.window += increment
  }

  #open(contentLength?: number): void {
    if (this.session.openStreams >= 900) return
    this.#lastId += 2
    if (this.#isServer) this.#openAtServer(contentLength)
    else this.#openAtClient()
  }

  #openAtServer(contentLength: number | undefined): void {
    this.#sendRest(MANY)
    this.#accepted = []
    this.#receive(headers(this.#lastId, withLength(POST, contentLength)))
    for (const stream of this.#accepted) {
      const peer = new PeerStream(stream.id, stream)
      peer.hasHead = true
      this.#peers.set(stream.id, peer)
    }
  }

  #openAtClient(): void {
    const stream = this.session.request(HEAD, SINK)
    this.#flush()
    this.#peers.set(stream.id, new PeerStream(stream.id, stream))
  }

  #applyTo(peer: PeerStream, step: (typeof STEPS)[number], { size, flags }: Pick<FlowStep, 'size' | 'flags'>): void {
    const { stream } = peer
    if (step === 'data') this.#sendData(peer, size, flags)
    else if (step === 'head') this.#sendHead(peer, flags % 3 === 0 ? size % 5_000 : undefined)
    else if (step === 'trailers') this.#sendTrailers(peer)
    else if (step === 'peer resets') this.#sendReset(peer)
    else if (step === 'read') this.#read(stream, size)
    else if (step === 'want') stream.want(stream.readableBytes + 1 + (size % 60_000))
    else if (step === 'answer') this.#answer(stream, flags)
    else if (step === 'reset') stream.reset(CANCEL)
  }

  #sendHead(peer: PeerStream, contentLength: number | undefined): void {
    if (peer.hasHead || peer.isDone) return
    peer.hasHead = true
    this.#sendRest(MANY)
    this.#receive(headers(peer.id, withLength([[':status', '200']], contentLength)))
  }

  /** A correct peer, which never exceeds the windows that it knows of. Its content-length may be wrong. */
  #sendData(peer: PeerStream, size: number, flags: number): void {
    const isPadded = (flags & 1) !== 0
    const isLast = (flags & 2) !== 0
    const isCut = (flags & 4) !== 0
    this.#sendRest(MANY)
    if (peer.isDone || !this.session.state.streams.get(peer.id)) return
    const room = Math.min(peer.window, this.#peerWindow, 16_384)
    const padding = isPadded ? Math.min(1 + (flags >> 3), room) : 0
    const data = Math.min(size % 16_384, room - padding)
    if (room === 0) return
    const payload = Buffer.concat([
      Buffer.from(padding > 0 ? [padding - 1] : []),
      Buffer.alloc(data + Math.max(0, padding - 1)),
    ])
    const octets = frame(T.DATA, (padding > 0 ? F.PADDED : 0) | (isLast ? F.END_STREAM : 0), peer.id, payload)
    peer.window -= payload.length
    this.#peerWindow -= payload.length
    peer.isDone = isLast
    this.#cut = { id: peer.id, length: payload.length, padding, rest: octets }
    this.#sendRest(isCut ? FRAME_HEADER_BYTES + (size >> 3) : MANY)
  }

  /** The next bytes of the cut frame. */
  #sendRest(size: number): void {
    if (this.#cut === null) return
    const { rest } = this.#cut
    const octets = rest.subarray(0, size)
    this.#cut = octets.length < rest.length ? { ...this.#cut, rest: rest.subarray(size) } : null
    if (octets.length > 0) this.#receive(octets)
  }

  #sendTrailers(peer: PeerStream): void {
    this.#sendRest(MANY)
    if (peer.isDone || !peer.hasHead || !this.session.state.streams.get(peer.id)) return
    peer.isDone = true
    this.#receive(headers(peer.id, [['x-end', '1']], F.END_HEADERS | F.END_STREAM))
  }

  #sendReset(peer: PeerStream): void {
    this.#sendRest(MANY)
    peer.isDone = true
    this.#receive(frame(T.RST_STREAM, 0, peer.id, Buffer.from([0, 0, 0, CANCEL])))
  }

  #read(stream: Http2Stream, size: number): void {
    const bytes = Math.min(stream.readableBytes, size)
    if (bytes > 0) stream.read(bytes)
  }

  #answer(stream: Http2Stream, flags: number): void {
    if (!this.#isServer) stream.end()
    else if (flags & 1) stream.reply(OK, Buffer.alloc(10), null)
    else stream.respond(OK)
  }

  /** Streams that the session has closed; what a client may still read of them is read. */
  #forgetClosed(): void {
    for (const { id, stream } of this.#peers.values()) {
      if (id === 0 || this.session.state.streams.get(id) !== undefined) continue
      this.#read(stream, MANY)
      stream.release()
      this.#peers.delete(id)
    }
  }

  /** Window taken by the header of the cut frame whose data has not arrived. */
  #inFlightOf(id: number): number {
    if (this.#cut?.id !== id) return 0
    const { rest, length, padding } = this.#cut
    const isLengthSent = padding > 0 && rest.length < length
    // Padding is credited when the frame ends.
    return rest.length + (isLengthSent ? 1 : 0) + Math.max(0, padding - 1 - rest.length)
  }
}

const STEPS = [
  'open',
  'data',
  'data',
  'data',
  'head',
  'rest',
  'read',
  'want',
  'flush',
  'trailers',
  'peer resets',
  'answer',
  'reset',
  'pressure',
] as const

/** How many kinds of events there are. */
export const FLOW_STEPS: number = STEPS.length

function withLength(fields: RawFields, contentLength: number | undefined): RawFields {
  return contentLength === undefined ? fields : [...fields, ['content-length', String(contentLength)]]
}
