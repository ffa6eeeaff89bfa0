/** Reads the requests of REST. */
import type { Message } from '@bufbuild/protobuf'
import { Code, ConnectError } from '@connectrpc/connect'
import type { MessageReader } from '../../../../../wire/envelope-reader.ts'
import type { Exchange } from '../../../exchange/exchange.ts'
import { BodyReader } from '../../connect/body-reader.ts'
import type { ProtocolPlan } from '../../server-protocol.ts'
import { withHttpStatus } from '../errors/http-status.ts'
import { JsonStreamReader } from '../streams/json-stream-reader.ts'
import { RawStreamReader } from './raw-stream-reader.ts'
import { LINES } from './read-rest-head.ts'
import type { RestCodec } from './rest-codec.ts'

/**
 * Creates the reader of a request.
 *
 * @param prefixChars the length of what stands before the paths of bindings
 */
export function createRestReader(exchange: Exchange, plan: ProtocolPlan, prefixChars: number): MessageReader<Message> {
  const { path } = exchange.head
  const target = prefixChars === 0 ? path : path.slice(prefixChars)
  const { operation } = plan.codec as RestCodec
  if (!operation.readsStream) return new RestBodyReader(exchange, plan, target)
  if (operation.readsRaw) return new RawStreamReader(exchange, plan, target)
  const isLines = LINES.has(exchange.head.get('content-type')?.split(';', 1)[0]?.toLowerCase() ?? '')
  const { maxBytes, decoder } = plan.reading
  return new JsonStreamReader(exchange, { maxBytes, decoder, binder: operation.binder, target, isLines })
}

/** Collects the body of a request that is one message, decodes it, and applies the query and the path. */
class RestBodyReader extends BodyReader<Message> {
  readonly #exchange: Exchange
  readonly #codec: RestCodec
  readonly #target: string

  /** @param target the request target with its query, without the prefix of the lane */
  constructor(exchange: Exchange, plan: ProtocolPlan, target: string) {
    super(exchange, plan.reading)
    this.#exchange = exchange
    this.#codec = plan.codec as RestCodec
    this.#target = target
  }

  /** @throws ConnectError with the HTTP status 413 for a body above the limit */
  override poll(): boolean {
    try {
      return super.poll()
    } catch (error) {
      throw error instanceof ConnectError && error.code === Code.ResourceExhausted ? withHttpStatus(error, 413) : error
    }
  }

  override take(): Message | Promise<Message> {
    const { readsRaw } = this.#codec.operation
    const type = this.#exchange.head.get('content-type')
    if (type === undefined && !readsRaw && this.#exchange.readableBytes > 0) throw noContentType()
    const message = super.take()
    return message instanceof Promise ? message.then((decoded) => this.#bind(decoded)) : this.#bind(message)
  }

  #bind(message: Message): Message {
    const { operation } = this.#codec
    const content = operation.contentOf(message)
    if (content !== undefined) content.contentType = this.#exchange.head.get('content-type') ?? ''
    operation.binder.bind(message, this.#target)
    return message
  }
}

/** A page of any origin can send such a body without a preflight. */
function noContentType(): ConnectError {
  const error = new ConnectError(
    'content-type must be application/json for a request with a body',
    Code.InvalidArgument,
  )
  return withHttpStatus(error, 415)
}
