/** Reads a request stream of `google.api.HttpBody`: the octets of the body as they arrive, in messages. */
import type { Message } from '@bufbuild/protobuf'
import type { MessageReader } from '../../../../../wire/envelope-reader.ts'
import type { Exchange } from '../../../exchange/exchange.ts'
import type { ProtocolPlan } from '../../server-protocol.ts'
import type { RestCodec } from './rest-codec.ts'

/** The most octets of one message. */
const MOST_OCTETS = 65_536

/**
 * Yields what has arrived whenever a message is wanted. The first message has the content type, and what the query and the path set; it
 * comes even if the body is empty.
 */
export class RawStreamReader implements MessageReader<Message> {
  receivedBytes = 0
  isAtEnd = false
  isOwed = false
  readonly #exchange: Exchange
  readonly #plan: ProtocolPlan
  readonly #target: string
  #isFirst = true

  /** @param target the request target with its query, without the prefix of the lane */
  constructor(exchange: Exchange, plan: ProtocolPlan, target: string) {
    this.#exchange = exchange
    this.#plan = plan
    this.#target = target
  }

  poll(): boolean {
    const exchange = this.#exchange
    this.isOwed = !exchange.want(1)
    if (this.isOwed) return false
    this.isAtEnd = !this.#isFirst && exchange.readableBytes === 0
    return true
  }

  pollOnly(): boolean {
    return this.poll()
  }

  take(): Message {
    const { decoder, maxBytes } = this.#plan.reading
    const length = Math.min(this.#exchange.readableBytes, MOST_OCTETS, maxBytes)
    this.receivedBytes += length
    const message = decoder.decode(length === 0 ? NO_OCTETS : this.#exchange.read(length))
    if (this.#isFirst) this.#bind(message)
    return message
  }

  #bind(message: Message): void {
    const { operation } = this.#plan.codec as RestCodec
    const content = operation.contentOf(message)
    if (content !== undefined) content.contentType = this.#exchange.head.get('content-type') ?? ''
    operation.binder.bind(message, this.#target)
    this.#isFirst = false
  }
}

const NO_OCTETS = new Uint8Array(0)
