/** A topic on the page: read while its demo is visible, and resumed after the last message when it is visible again. */
import type { GetStreamResponse } from '../../../../gen/greeter/v1/greeter_pb.js'
import { sleep } from '../../../core/sleep.ts'
import { type TopicClient, watchTopic } from '../../../demo/watch-topic.ts'
import { ConnectionBadge, type ConnectionState } from './connection-badge.ts'

/** What happened between two messages: some were lost, or the server restarted and its sequence numbers with it. */
export type Lapse = 'gap' | 'restart'

/** A message of a topic, from any call. */
export type TopicMessage = Omit<GetStreamResponse, '$typeName' | 'reset'> & { readonly reset?: boolean }

/** Where a feed reads, and its callbacks. */
export interface TopicFeedOptions {
  readonly client: TopicClient
  /** The element that shows the state of the connection. */
  readonly badgeSlot: HTMLElement
  /** Called with each message, and what happened since the one before. */
  readonly onMessage: (message: TopicMessage, lapse: Lapse | undefined) => void
  /** Called when the received messages are no longer up to date, and when they are again. Default: none. */
  readonly onStale?: (isStale: boolean) => void
}

/** Holds at most one stream. The first one starts with the oldest message that the server keeps. */
export class TopicFeed {
  readonly #options: TopicFeedOptions
  readonly #badge: ConnectionBadge
  #topic: string
  #lastSequence = 0n
  #epoch = ''
  #running: AbortController | undefined
  #wake: () => void = () => {}

  constructor(topic: string, options: TopicFeedOptions) {
    this.#topic = topic
    this.#options = options
    this.#badge = new ConnectionBadge(options.badgeSlot, () => this.#retry())
  }

  /** Starts reading after the last message seen. */
  open(): void {
    if (this.#running !== undefined) return
    const running = new AbortController()
    this.#running = running
    void this.#run(running.signal)
  }

  /** Ends the stream and keeps the position in the topic. */
  close(): void {
    this.#running?.abort()
    this.#running = undefined
    this.#show({ name: 'off' })
  }

  /** Switches to another topic, from its oldest message that is kept. */
  select(topic: string): void {
    this.close()
    this.#topic = topic
    this.#lastSequence = 0n
    this.#epoch = ''
    this.open()
  }

  /**
   * Takes a message that another call has brought, if it is the next one.
   *
   * @returns false if messages before it are missing
   */
  offer(message: TopicMessage): boolean {
    if (this.#isSeen(message)) return true
    const isNext = this.#epoch === message.epoch && message.sequence === this.#lastSequence + 1n
    const isFirst = this.#epoch === '' && message.sequence === 1n
    if (isNext || isFirst) this.#receive(message)
    return isNext || isFirst
  }

  /** Ends the stream while another call brings its messages. */
  rest(): void {
    this.#running?.abort()
    this.#running = undefined
    this.#show({ name: 'live' })
  }

  #isSeen({ epoch, sequence }: TopicMessage): boolean {
    return epoch === this.#epoch && sequence <= this.#lastSequence
  }

  #retry(): void {
    if (this.#running === undefined) this.open()
    else this.#wake()
  }

  async #run(signal: AbortSignal): Promise<void> {
    try {
      const messages = watchTopic(this.#options.client, {
        topic: this.#topic,
        afterSequence: this.#lastSequence,
        epoch: this.#epoch,
        signal,
        onState: (state) => signal.aborted || this.#show(state),
        sleep: (delayMs, left) => this.#sleep(delayMs, left),
      })
      for await (const message of messages) {
        if (signal.aborted) return
        if (!this.#isSeen(message)) this.#receive(message)
      }
    } catch (error) {
      if (signal.aborted) return
      this.#running = undefined
      this.#show({ name: 'failed', error })
    }
  }

  #show(state: ConnectionState): void {
    this.#badge.set(state)
    this.#options.onStale?.(state.name !== 'live')
  }

  #receive(message: TopicMessage): void {
    // Messages lost before the first one were never on this page.
    const lapse = this.#lastSequence === 0n ? undefined : lapseBefore(message)
    this.#lastSequence = message.sequence
    this.#epoch = message.epoch
    this.#options.onMessage(message, lapse)
  }

  /** Waits until the delay is over, the browser is online again, or the user asks for a retry. */
  async #sleep(delayMs: number, signal: AbortSignal): Promise<void> {
    const awake = new AbortController()
    this.#wake = () => awake.abort()
    addEventListener('online', this.#wake, { signal: awake.signal })
    await sleep(delayMs, AbortSignal.any([signal, awake.signal]))
    awake.abort()
  }
}

function lapseBefore({ reset = false, missed }: TopicMessage): Lapse | undefined {
  if (reset) return 'restart'
  return missed > 0n ? 'gap' : undefined
}
