/** A call over WebSocketStream, which Chromium has: a page that reads slowly slows the server down. */
import { SUBPROTOCOL } from '../../../wire/grpc-websockets/grpc-websockets.ts'
import type { CallSocket } from './call-socket.ts'
import { closeError, tooSlowError } from './close-error.ts'
import { queuedBytes, toOctets } from './messages.ts'

/** The interface of the platform, as far as calls need it (WebSocketStream explainer of WICG). */
export interface WebSocketStreamLike {
  readonly opened: Promise<{
    readonly protocol: string
    readonly readable: ReadableStream<unknown>
    readonly writable: WritableStream<Uint8Array>
  }>
  readonly closed: Promise<{ readonly closeCode: number; readonly reason: string }>
  close(info: { closeCode: number }): void
}

/** The constructor of the platform. */
export type WebSocketStreamConstructor = new (
  url: string,
  options: { protocols: string[]; signal: AbortSignal },
) => WebSocketStreamLike

const LOST = 1006
const NORMAL_CLOSURE = 1000

/**
 * Reads messages ahead of the call, up to `maxBufferedBytes`, and then only as the call reads them. Without a read that waits, Chromium
 * drops the messages before a Close frame (seen in version 153), so that a call that is busy with a message would lose its trailers.
 */
export class StreamSocket implements CallSocket {
  readonly opened: Promise<string>
  readonly #stream: WebSocketStreamLike
  /** Aborts the handshake: `close` has no effect before it ends. */
  readonly #handshake = new AbortController()
  #incoming: ReadableStreamDefaultReader<unknown> | null = null
  /** Reads what has been read ahead. */
  #reader: ReadableStreamDefaultReader<Uint8Array> | null = null
  #writer: WritableStreamDefaultWriter<Uint8Array> | null = null
  /** Null until this side closes. */
  #closed: { readonly reason: unknown } | null = null
  /** Ends the read that is under way. */
  #interrupt: (reason: unknown) => void = () => {}
  readonly #maxBufferedBytes: number
  /** Whether the last message was the last for which there was room. */
  #isFull = false

  constructor(Stream: WebSocketStreamConstructor, url: string, maxBufferedBytes: number) {
    this.#maxBufferedBytes = maxBufferedBytes
    this.#stream = new Stream(url, { protocols: [SUBPROTOCOL], signal: this.#handshake.signal })
    // Read where a message is missed.
    this.#stream.closed.catch(() => {})
    this.opened = this.#open()
  }

  async #open(): Promise<string> {
    const { protocol, readable, writable } = await this.#stream.opened
    this.#incoming = readable.getReader()
    this.#reader = this.#readAhead(this.#incoming).getReader()
    this.#writer = writable.getWriter()
    this.#writer.closed.catch(() => {})
    if (this.#closed !== null) {
      this.close(this.#closed.reason)
      throw this.#closed.reason
    }
    return protocol
  }

  async send(message: Uint8Array): Promise<boolean> {
    if (this.#writer === null || this.#closed !== null) return false
    // What stops the writer also ends the reader, which says why.
    return await this.#writer.write(message).then(
      () => true,
      () => false,
    )
  }

  async receive(): Promise<Uint8Array> {
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>()
    if (this.#closed !== null) throw this.#closed.reason
    this.#interrupt = reject
    this.#read().then(resolve, reject)
    return promise
  }

  close(reason: unknown): void {
    this.#closed ??= { reason }
    this.#interrupt(reason)
    this.#handshake.abort(reason)
    if (this.#incoming === null) return
    this.#stream.close({ closeCode: NORMAL_CLOSURE })
    // The server's Close frame is behind the messages that it has sent, and without it the connection would stay.
    drain(this.#incoming).catch(() => {})
  }

  async #read(): Promise<Uint8Array> {
    const result = await this.#reader?.read()
    if (result !== undefined && !result.done) return result.value
    const { closeCode, reason } = await this.#stream.closed.catch(() => ({ closeCode: LOST, reason: '' }))
    throw this.#isFull ? tooSlowError(this.#maxBufferedBytes) : closeError(closeCode, reason)
  }

  /** Ends when the WebSocket does, in any way: the messages that are queued stay readable. */
  #readAhead(reader: ReadableStreamDefaultReader<unknown>): ReadableStream<Uint8Array> {
    const pull = async (controller: ReadableStreamDefaultController<Uint8Array>) => {
      const result = await reader.read().catch(() => null)
      if (result === null || result.done) return controller.close()
      controller.enqueue(toOctets(result.value))
      this.#isFull = (controller.desiredSize ?? 0) <= 0
    }
    return new ReadableStream({ pull }, { highWaterMark: this.#maxBufferedBytes, size: queuedBytes })
  }
}

async function drain(reader: ReadableStreamDefaultReader<unknown>): Promise<void> {
  while (!(await reader.read()).done);
}
