/** A call over WebSocketStream, which Chromium has: a page that reads slowly slows the server down. */
import type { CallSocket } from './call-socket.ts'
import { closeError } from './close-error.ts'
import { toOctets } from './messages.ts'

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
 * The bytes that are read before the call asks for them. Chromium drops messages that nobody waits for when the server closes the
 * WebSocket (seen in version 153), so that a call would lose its trailers whenever it is busy with a message.
 */
const MAX_AHEAD_BYTES = 1024 * 1024

/** Reads messages from the platform up to a limit, and then only as the call reads them. */
export class StreamSocket implements CallSocket {
  readonly opened: Promise<string>
  readonly #stream: WebSocketStreamLike
  /** Aborts the handshake: `close` has no effect before it ends. */
  readonly #handshake = new AbortController()
  #reader: ReadableStreamDefaultReader<unknown> | null = null
  #writer: WritableStreamDefaultWriter<Uint8Array> | null = null
  /** Null until this side closes. */
  #closed: { readonly reason: unknown } | null = null
  /** Ends the read that is under way. */
  #interrupt: (reason: unknown) => void = () => {}

  constructor(Stream: WebSocketStreamConstructor, url: string, protocol: string) {
    this.#stream = new Stream(url, { protocols: [protocol], signal: this.#handshake.signal })
    // Read where a message is missed.
    this.#stream.closed.catch(() => {})
    this.opened = this.#open()
  }

  async #open(): Promise<string> {
    const { protocol, readable, writable } = await this.#stream.opened
    this.#reader = readAhead(readable).getReader()
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
    if (this.#reader === null) return
    this.#stream.close({ closeCode: NORMAL_CLOSURE })
    // The server's Close frame is behind the messages that it has sent, and without it the connection would stay.
    drain(this.#reader).catch(() => {})
  }

  async #read(): Promise<Uint8Array> {
    const result = await this.#reader?.read().catch((cause) => {
      throw closeError(LOST, '', cause)
    })
    if (result !== undefined && !result.done) return toOctets(result.value)
    const { closeCode, reason } = await this.#stream.closed.catch(() => ({ closeCode: LOST, reason: '' }))
    throw closeError(closeCode, reason)
  }
}

/** Reads as long as less than the limit waits. */
function readAhead(readable: ReadableStream<unknown>): ReadableStream<unknown> {
  const reader = readable.getReader()
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await reader.read()
        if (done) controller.close()
        else controller.enqueue(value)
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: MAX_AHEAD_BYTES, size: sizeOf },
  )
}

/** Messages are octets, but a server may send text. */
function sizeOf(message: unknown): number {
  return message instanceof ArrayBuffer || ArrayBuffer.isView(message) ? message.byteLength : 1
}

async function drain(reader: ReadableStreamDefaultReader<unknown>): Promise<void> {
  while (!(await reader.read()).done);
}
