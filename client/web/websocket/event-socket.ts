/** A call over the standard WebSocket, which has no backpressure: what the page does not read is limited instead. */
import type { ConnectError } from '@connectrpc/connect'
import { sleep } from '../../core/sleep.ts'
import type { CallSocket } from './call-socket.ts'
import { closeError, tooSlowError } from './close-error.ts'
import { queuedBytes, toOctets } from './messages.ts'

/** The bytes that may wait in the browser to be sent. More would only move the queue from the page to the browser. */
const MAX_UNSENT_BYTES = 1024 * 1024
/** Waits for the browser to send double up to this. It has no event for that. */
const MAX_WAIT_MS = 64
const NORMAL_CLOSURE = 1000

/** Keeps up to `maxBufferedBytes` of messages that the call has not read; more fails the call with RESOURCE_EXHAUSTED. */
export class EventSocket implements CallSocket {
  readonly opened: Promise<string>
  readonly #socket: WebSocket
  readonly #messages: ReadableStreamDefaultReader<Uint8Array>
  readonly #maxBufferedBytes: number
  #queue: ReadableStreamDefaultController<Uint8Array> | null = null
  /** What to throw when the queue is empty. */
  #end: unknown = null
  readonly #failOpening: (reason: unknown) => void

  constructor(socket: WebSocket, maxBufferedBytes: number) {
    this.#socket = socket
    this.#maxBufferedBytes = maxBufferedBytes
    const start = (controller: ReadableStreamDefaultController<Uint8Array>) => {
      this.#queue = controller
    }
    const strategy = { highWaterMark: maxBufferedBytes, size: queuedBytes }
    this.#messages = new ReadableStream({ start }, strategy).getReader()
    // A failure before the first read is not an unhandled rejection.
    this.#messages.closed.catch(() => {})
    socket.binaryType = 'arraybuffer'
    socket.addEventListener('message', ({ data }) => this.#onMessage(data))
    socket.addEventListener('close', ({ code, reason }) => this.#onClose(closeError(code, reason)))
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    let hasOpened = false
    socket.addEventListener('open', () => {
      hasOpened = true
      resolve(socket.protocol)
    })
    // A close follows, but not in Node 22 before the WebSocket has opened.
    socket.addEventListener('error', () => {
      if (!hasOpened) this.#onClose(closeError(1006, ''))
    })
    this.opened = promise
    this.#failOpening = reject
  }

  async send(message: Uint8Array<ArrayBuffer>): Promise<boolean> {
    const socket = this.#socket
    if (socket.readyState !== socket.OPEN) return false
    socket.send(message)
    for (let waitMs = 1; this.#isFull(); waitMs = Math.min(2 * waitMs, MAX_WAIT_MS)) await sleep(waitMs)
    return socket.readyState === socket.OPEN
  }

  async receive(): Promise<Uint8Array> {
    const { value } = await this.#messages.read()
    if (value === undefined) throw this.#end
    return value
  }

  close(reason: unknown): void {
    this.#failOpening(reason)
    this.#queue?.error(reason)
    this.#queue = null
    this.#socket.close(NORMAL_CLOSURE)
  }

  #isFull(): boolean {
    return this.#socket.readyState === this.#socket.OPEN && this.#socket.bufferedAmount > MAX_UNSENT_BYTES
  }

  #onMessage(data: unknown): void {
    const queue = this.#queue
    if (queue === null) return
    if ((queue.desiredSize ?? 0) <= 0) {
      this.close(tooSlowError(this.#maxBufferedBytes))
      return
    }
    try {
      queue.enqueue(toOctets(data))
    } catch (error) {
      this.close(error)
    }
  }

  /** The messages that are queued stay readable: the trailers may be among them. */
  #onClose(error: ConnectError): void {
    this.#failOpening(error)
    this.#end = error
    this.#queue?.close()
    this.#queue = null
  }
}
