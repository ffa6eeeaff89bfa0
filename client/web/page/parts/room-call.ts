/** A bidirectional stream of the page: one call of AllStream, which publishes on a topic and brings what all others publish there. */
import { Code, ConnectError } from '@connectrpc/connect'
import type { AllStreamResponse } from '../../../../gen/greeter/v1/greeter_pb.js'
import { backoffDelayMs } from '../../../core/backoff.ts'
import { sleep } from '../../../core/sleep.ts'
import { DEFAULT_BACKOFF } from '../../public.ts'
import { greeterClients, streamingGreeter, UNARY_TIMEOUT_MS } from './greeter-clients.ts'
import { Outbox } from './outbox.ts'
import type { Publication } from './put-call.ts'

/** What a call tells the page. */
export interface RoomCallCallbacks {
  /** Called with each message of the topic. */
  readonly onMessage: (message: AllStreamResponse) => void
  /** Called when the call has broken, before another one is made. */
  readonly onLost: () => void
  /** Called when a message that was sent is in the topic. */
  readonly onDelivered: () => void
  /** Called with the data of a message that may not be in the topic. */
  readonly onUndelivered: (data: string, reason: unknown) => void
}

/** Holds at most one call. A call that breaks is followed by another one, after growing waits. */
export class RoomCall {
  readonly #callbacks: RoomCallCallbacks
  #topic = ''
  /** Data that was sent and has not come back. */
  #pending: string[] = []
  #outbox: Outbox<Publication> | undefined
  #running: AbortController | undefined
  #wake: () => void = () => {}
  /** A proxy or a server may not let WebSockets through. */
  #canStream = true

  constructor(callbacks: RoomCallCallbacks) {
    this.#callbacks = callbacks
  }

  /** Joins a topic. */
  open(topic: string): void {
    this.close()
    this.#topic = topic
    if (!this.#canStream) return
    this.#running = new AbortController()
    void this.#run(topic, this.#running.signal)
  }

  /** Leaves the topic. */
  close(): void {
    this.#running?.abort()
    this.#running = undefined
    this.#outbox = undefined
    this.#pending = []
  }

  /** Publishes on the topic. While there is no call, it makes one at once. */
  send(data: string): void {
    if (!this.#canStream) return void this.#publish(data)
    this.#pending.push(data)
    this.#outbox?.push({ topic: this.#topic, data })
    this.#wake()
  }

  async #run(topic: string, signal: AbortSignal): Promise<void> {
    for (let failures = 1; !signal.aborted && this.#canStream; failures++) {
      const outbox = new Outbox<Publication>()
      // The first message joins the topic.
      for (const data of ['', ...this.#pending]) outbox.push({ topic, data })
      this.#outbox = outbox
      try {
        for await (const message of streamingGreeter.allStream(outbox, { signal })) {
          failures = 0
          this.#receive(message)
        }
        this.#onFailure(new ConnectError('the server ended the stream', Code.Unavailable), signal)
      } catch (reason) {
        this.#onFailure(ConnectError.from(reason), signal)
      }
      await this.#wait(failures, signal)
    }
  }

  #receive(message: AllStreamResponse): void {
    const place = this.#pending.indexOf(message.data)
    if (place >= 0) {
      this.#pending.splice(place, 1)
      this.#callbacks.onDelivered()
    }
    this.#callbacks.onMessage(message)
  }

  #onFailure(error: ConnectError, signal: AbortSignal): void {
    if (signal.aborted) return
    this.#outbox = undefined
    const undelivered = this.#pending.splice(0)
    if (error.code === Code.Unimplemented) {
      this.#canStream = false
      for (const data of undelivered) void this.#publish(data)
    } else for (const data of undelivered) this.#callbacks.onUndelivered(data, error)
    this.#callbacks.onLost()
  }

  async #wait(failures: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted || !this.#canStream) return
    const awake = new AbortController()
    this.#wake = () => awake.abort()
    addEventListener('online', this.#wake, { signal: awake.signal })
    const delayMs = backoffDelayMs(DEFAULT_BACKOFF, Math.max(1, failures), Math.random)
    await sleep(delayMs, AbortSignal.any([signal, awake.signal]))
    awake.abort()
  }

  async #publish(data: string): Promise<void> {
    try {
      await greeterClients.connect.publish({ topic: this.#topic, data }, { timeoutMs: UNARY_TIMEOUT_MS })
      this.#callbacks.onDelivered()
    } catch (reason) {
      this.#callbacks.onUndelivered(data, reason)
    }
  }
}
