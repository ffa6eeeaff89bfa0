/** A client stream of the page: one call of PutStream, as long as there is something to publish. */
import { Code, ConnectError } from '@connectrpc/connect'
import type { PutStreamResponse } from '../../../../gen/greeter/v1/greeter_pb.js'
import { greeterClients, streamingGreeter, UNARY_TIMEOUT_MS } from './greeter-clients.ts'
import { Outbox } from './outbox.ts'

/** A message and its topic. */
export interface Publication {
  readonly topic: string
  readonly data: string
}

/** What a call tells the page. */
export interface PutCallCallbacks {
  /** Called when a message has gone out, with how many the open call has sent. */
  readonly onSent: (sent: number) => void
  /** Called with the summary of a call that ended well. */
  readonly onSummary: (summary: PutStreamResponse) => void
  /** Called when messages could not be published. */
  readonly onError: (reason: unknown) => void
}

/** More messages than this do not wait for a slow server. */
const MAX_WAITING = 4

/** Opens a call with the first message, and another one when that has ended. */
export class PutCall {
  readonly #callbacks: PutCallCallbacks
  #outbox: Outbox<Publication> | undefined
  #sent = 0
  #last: Publication | undefined
  /** A proxy or a server may not let WebSockets through. */
  #canStream = true

  constructor(callbacks: PutCallCallbacks) {
    this.#callbacks = callbacks
  }

  /** Publishes a message, unless too many wait already. */
  send(message: Publication): void {
    if (!this.#canStream) return void this.#publish(message)
    if (this.#outbox === undefined) this.#open()
    const outbox = this.#outbox
    if (outbox === undefined || outbox.size >= MAX_WAITING) return
    outbox.push(message)
    this.#last = message
    this.#sent += 1
    this.#callbacks.onSent(this.#sent)
  }

  /** Ends the requests, so that the server answers with its summary. */
  end(): void {
    this.#outbox?.end()
    this.#outbox = undefined
  }

  #open(): void {
    const outbox = new Outbox<Publication>()
    this.#outbox = outbox
    this.#sent = 0
    void this.#run(outbox)
  }

  async #run(outbox: Outbox<Publication>): Promise<void> {
    try {
      this.#callbacks.onSummary(await streamingGreeter.putStream(outbox))
    } catch (reason) {
      const { code } = ConnectError.from(reason)
      if (code !== Code.Unimplemented) return this.#callbacks.onError(reason)
      this.#canStream = false
      if (this.#last !== undefined) await this.#publish(this.#last)
    } finally {
      if (this.#outbox === outbox) this.#outbox = undefined
    }
  }

  async #publish(message: Publication): Promise<void> {
    try {
      await greeterClients.connect.publish(message, { timeoutMs: UNARY_TIMEOUT_MS })
      this.#callbacks.onSent(1)
    } catch (reason) {
      this.#callbacks.onError(reason)
    }
  }
}
