/** Calls by gRPC-Web over WebSockets: all four kinds of methods. */
import { type DescMessage, type Message, toBinary } from '@bufbuild/protobuf'
import { Code, ConnectError, type Transport } from '@connectrpc/connect'
import { createWebSocketTransport } from '../../../../client/web/websocket/websocket-transport.ts'
import type { Fields } from '../../contracts/live-call.ts'
import { type CarriedCall, type Carrier, firstRequest } from '../engine/carrier.ts'
import { isStreaming, isUnary } from '../engine/method-kind.ts'
import { Pacer } from '../engine/pacer.ts'

export const websocketCalls: Carrier = {
  async carry(call) {
    const { baseUrl, registry } = call
    const transport = createWebSocketTransport({ baseUrl, registry })
    const report = new HeadReport(call)
    try {
      await carryBy(transport, call, report)
    } catch (error) {
      if (error instanceof ConnectError) report.onError([...error.metadata])
      throw error
    }
  },
}

async function carryBy(transport: Transport, call: CarriedCall, report: HeadReport): Promise<void> {
  const { method, signal, timeoutMs, headers } = call
  if (isUnary(method)) {
    const request = await firstRequest(call)
    reportSent(call, request)
    const response = await transport.unary(method, signal, timeoutMs, headers, request)
    report.onHeaders([...response.header])
    reportReceived(call, response.message)
    report.onTrailers([...response.trailer])
    return
  }
  if (!isStreaming(method)) throw new ConnectError(`unknown kind of method: ${method.methodKind}`, Code.Internal)
  const response = await transport.stream(method, signal, timeoutMs, headers, sentRequests(call))
  report.onHeaders([...response.header])
  const pacer = new Pacer()
  for await (const message of response.message) {
    reportReceived(call, message)
    await pacer.rest()
  }
  report.onTrailers([...response.trailer])
}

async function* sentRequests(call: CarriedCall): AsyncGenerator<Message> {
  for await (const message of call.requests) {
    reportSent(call, message)
    yield message
  }
}

/** A WebSocket shows no octets to others, so that they are encoded once more. */
function reportSent({ method, observer }: CarriedCall, message: Message): void {
  const octets = encode(method.input, message)
  observer.onSent(message, octets.length)
  observer.onRequestBody(octets)
}

function reportReceived({ method, observer }: CarriedCall, message: Message): void {
  const octets = encode(method.output, message)
  observer.onResponseBody(octets)
  observer.onReceived(message, octets.length)
}

function encode(schema: DescMessage, message: Message): Uint8Array {
  return toBinary(schema, message)
}

/** Tells headers and trailers apart, as errors have both together. */
class HeadReport {
  readonly #call: CarriedCall
  #headers: Fields | null = null

  constructor(call: CarriedCall) {
    this.#call = call
  }

  onHeaders(headers: Fields): void {
    this.#headers = headers
    this.#call.observer.onResponseHead(null, headers)
  }

  onTrailers(trailers: Fields): void {
    this.#call.observer.onTrailers(trailers)
  }

  onError(metadata: Fields): void {
    if (metadata.length === 0) return
    if (this.#headers === null) {
      this.onHeaders(metadata)
      return
    }
    const known = new Set(this.#headers.map(([name, value]) => `${name}: ${value}`))
    this.onTrailers(metadata.filter(([name, value]) => !known.has(`${name}: ${value}`)))
  }
}
