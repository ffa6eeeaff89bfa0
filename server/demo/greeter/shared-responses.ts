/** Responses that all subscribers of a topic receive, one for each message, which is encoded once. */
import type { Message } from '@bufbuild/protobuf'
import { encodeOnce } from '../../../wire/codec/encode/encode-once.ts'
import type { TopicMessage } from '../topics/topic-hub.ts'

/** Maximum number of responses that are kept, and of bytes of data in them: as much as may wait for one subscriber by default. */
const MAX_RESPONSES = 1_024
const MAX_BYTES = 1_048_576

/**
 * Shares the responses of the latest messages. A response and its encodings take several times the memory of the message, and the hub
 * counts only the message. So responses of older messages are made anew for each subscriber that asks for them.
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
