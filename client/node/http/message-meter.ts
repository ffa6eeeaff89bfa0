/** Tells the trace of an attempt how large its messages are, where the code that writes and reads them does not say. */
import { Buffer } from 'node:buffer'
import type { UniversalClientRequest } from '@connectrpc/connect/protocol'
import { EnvelopeFlag } from '../../../wire/envelope.ts'
import { EnvelopeCursor } from '../../../wire/envelope-cursor.ts'
import type { AttemptTrace } from '../rpc/call-observer.ts'

/** What is measured. */
export interface MeterInit {
  /** Messages are in envelopes, in both directions. False: a body is a message (Connect's unary calls). */
  readonly isEnveloped: boolean
  /** What is larger fails the call as it comes in, and is not told of. */
  readonly maxReceiveBytes: number
  /** Who is told; null: nobody, for now. Asked anew for each message. */
  trace(): AttemptTrace | null
}

/** A request that bears a single message. */
type MessageRequest = Pick<UniversalClientRequest, 'method' | 'url'>

/** In bytes. */
interface MessageSizes {
  readonly onWire: number
  /** Null: compressed, and not inflated yet. */
  readonly plain: number | null
}

/**
 * Of one attempt. Whoever sends and reads its bodies says what passes; whoever compresses and inflates messages says so for
 * each of them, in their order: that is all there is to know their size before and after.
 */
export class MessageMeter {
  readonly #init: MeterInit
  /** Of messages that were compressed, and are in no body yet. */
  readonly #compressedFrom: number[] = []
  /** A body may be sent more than once, and is compressed once. */
  readonly #sent = new WeakMap<Uint8Array, readonly MessageSizes[]>()
  /** Came in, and were not told of: the first is not inflated yet. */
  readonly #received: MessageSizes[] = []
  readonly #cursor = new EnvelopeCursor((flags, bytes) => this.#onEnvelope(flags, bytes))
  /** The answer is no error of HTTP, whose body is no message. */
  #hasMessages = false
  #isEncoded = false
  #bodyBytes = 0

  constructor(init: MeterInit) {
    this.#init = init
  }

  /** A message was compressed that was of so many bytes. */
  onCompressed(bytes: number): void {
    this.#compressedFrom.push(bytes)
  }

  /** A message was inflated, to so many bytes. */
  onInflated(bytes: number): void {
    const first = this.#received.shift()
    if (first === undefined) return
    this.#init.trace()?.onReceived(first.onWire, bytes)
    this.#tellReceived()
  }

  /** A request goes out with this as its whole body. */
  onRequest(request: MessageRequest, body: Uint8Array): void {
    if (this.#init.isEnveloped) this.onPiece(body)
    else this.#tellSent(body, () => [this.#withPlain(request.method === 'GET' ? queryBytes(request) : body.byteLength)])
  }

  /** A piece of a body goes out, which is made of whole envelopes. */
  onPiece(piece: Uint8Array): void {
    this.#tellSent(piece, () => this.#sizesIn(piece))
  }

  /** An answer begins. */
  onHead(status: number, header: Headers): void {
    const encoding = header.get('content-encoding') ?? 'identity'
    this.#hasMessages = status === 200
    this.#isEncoded = encoding !== 'identity'
  }

  /** A chunk of the answer was read, split in any way. */
  onChunk(chunk: Uint8Array): void {
    if (!this.#hasMessages) return
    if (this.#init.isEnveloped) this.#cursor.advance(chunk)
    else this.#bodyBytes += chunk.byteLength
  }

  /** All of the answer was read. */
  onEnd(): void {
    if (this.#hasMessages && !this.#init.isEnveloped) this.#onMessage(this.#bodyBytes, this.#isEncoded)
  }

  #tellSent(body: Uint8Array, measure: () => readonly MessageSizes[]): void {
    const messages = this.#sent.get(body) ?? measure()
    this.#sent.set(body, messages)
    for (const { onWire, plain } of messages) this.#init.trace()?.onSent(onWire, plain ?? onWire)
  }

  #sizesIn(piece: Uint8Array): readonly MessageSizes[] {
    const messages: MessageSizes[] = []
    const cursor = new EnvelopeCursor((flags, bytes) => {
      messages.push(flags === EnvelopeFlag.COMPRESSED ? this.#withPlain(bytes) : { onWire: bytes, plain: bytes })
    })
    cursor.advance(piece)
    return messages
  }

  #withPlain(onWire: number): MessageSizes {
    return { onWire, plain: this.#compressedFrom.shift() ?? onWire }
  }

  /** The last one of a stream, with any other flag, is a status and no message. */
  #onEnvelope(flags: number, bytes: number): void {
    const isCompressed = flags === EnvelopeFlag.COMPRESSED
    if (isCompressed || flags === EnvelopeFlag.NONE) this.#onMessage(bytes, isCompressed)
  }

  #onMessage(onWire: number, isCompressed: boolean): void {
    this.#hasMessages &&= onWire <= this.#init.maxReceiveBytes
    if (!this.#hasMessages) return
    this.#received.push({ onWire, plain: isCompressed ? null : onWire })
    this.#tellReceived()
  }

  /** In their order: no further than to one that is not inflated yet. */
  #tellReceived(): void {
    for (let first = this.#received[0]; first !== undefined && first.plain !== null; first = this.#received[0]) {
      this.#received.shift()
      this.#init.trace()?.onReceived(first.onWire, first.plain)
    }
  }
}

/** A GET request of Connect bears its message in the query, as text or in base64, which is no part of the message. */
function queryBytes({ url }: MessageRequest): number {
  const query = new URLSearchParams(url.slice(url.indexOf('?')))
  return Buffer.byteLength(query.get('message') ?? '', query.get('base64') === '1' ? 'base64' : 'utf8')
}
