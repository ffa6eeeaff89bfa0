/** Responses that all subscribers of a topic receive, one for each message, which is encoded once. */
import type { Message } from '@bufbuild/protobuf'
import { encodeOnce } from '../../../wire/codec/encode/encode-once.ts'
import type { TopicMessage } from '../topics/topic-hub.ts'

/** The most responses that are kept, and the most bytes of data in them: what by default may wait for one subscriber. */
const MAX_RESPONSES = 1_024
const MAX_BYTES = 1_048_576

/**
 * Shares the responses of the messages that were delivered last. A response with its encodings takes several times the memory of its
 * message, which the hub counts, so that those of older messages are made again for each subscriber that asks for them.
 */
export class SharedResponses<R extends Message> {
  readonly #create: (message: TopicMessage) => R
  readonly #responses = new Map<TopicMessage, R>()
  #bytes = 0

  constructor(create: (message: TopicMessage) => R) {
    this.#create = create
  }

  /** The response for subscribers that have missed nothing. */
  of(message: TopicMessage): R {
    const known = this.#responses.get(message)
    if (known !== undefined) return known
    const response = encodeOnce(this.#create(message))
    this.#responses.set(message, response)
    this.#bytes += message.dataBytes
    this.#dropOldest()
    return response
  }

  #dropOldest(): void {
    for (const oldest of this.#responses.keys()) {
      const { size } = this.#responses
      if (size === 1 || (size <= MAX_RESPONSES && this.#bytes <= MAX_BYTES)) return
      this.#responses.delete(oldest)
      this.#bytes -= oldest.dataBytes
    }
  }
}
