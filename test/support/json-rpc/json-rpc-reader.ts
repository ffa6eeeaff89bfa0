/** Reads the messages of a JSON-RPC request: one, or for a client stream as many as `params` lists. */
import type { Message } from '@bufbuild/protobuf'
import { Code, ConnectError } from '@connectrpc/connect'
import type { Exchange } from '../../../server/rpc/exchange/exchange.ts'
import { BodyReader } from '../../../server/rpc/protocols/connect/body-reader.ts'
import type { ProtocolPlan } from '../../../server/rpc/protocols/server-protocol.ts'
import { AS_OCTETS, type MessageReader } from '../../../wire/envelope-reader.ts'
import { parseError } from './json-rpc-error.ts'

/** The `id` of a request, repeated in its response. */
export type RequestId = string | number | null

/** Collects the body, then yields its messages. */
export class JsonRpcReader implements MessageReader<Message> {
  /** Null until the request has been read. */
  id: RequestId = null
  readonly #body: MessageReader<Uint8Array>
  readonly #plan: ProtocolPlan
  #params: unknown[] | null = null

  constructor(exchange: Exchange, plan: ProtocolPlan) {
    this.#body = new BodyReader(exchange, { ...plan.reading, decoder: AS_OCTETS })
    this.#plan = plan
  }

  get receivedBytes(): number {
    return this.#body.receivedBytes
  }

  get isOwed(): boolean {
    return this.#body.isOwed
  }

  get isAtEnd(): boolean {
    return this.#params?.length === 0
  }

  poll(): boolean {
    if (this.#params !== null) return true
    if (!this.#body.poll()) return false
    this.#params = this.#paramsOf(parse(this.#body.take() as Uint8Array))
    return true
  }

  pollOnly(): boolean {
    return this.poll()
  }

  take(): Message {
    const params = Buffer.from(JSON.stringify(this.#params?.shift() ?? {}))
    return this.#plan.codec.decode(params)
  }

  #paramsOf(request: unknown): unknown[] {
    const { jsonrpc, method, params, id } = request as Partial<Record<string, unknown>>
    if (typeof id === 'string' || typeof id === 'number') this.id = id
    if (jsonrpc !== '2.0') throw new ConnectError('jsonrpc must be "2.0"', Code.InvalidArgument)
    if (method !== nameOf(this.#plan.entry.path)) {
      throw new ConnectError('method is not the one of the path', Code.InvalidArgument)
    }
    if (this.#plan.entry.kind !== 'client_streaming') return [params]
    if (!Array.isArray(params)) throw new ConnectError('params must be a list', Code.InvalidArgument)
    return [...params]
  }
}

/** The JSON-RPC name of a method: `package.Service.Method`. */
export function nameOf(path: string): string {
  return path.slice(1).replace('/', '.')
}

function parse(octets: Uint8Array): object {
  try {
    const request: unknown = JSON.parse(Buffer.from(octets).toString())
    if (typeof request === 'object' && request !== null) return request
  } catch (error) {
    throw parseError(error)
  }
  throw new ConnectError('the request must be an object', Code.InvalidArgument)
}
