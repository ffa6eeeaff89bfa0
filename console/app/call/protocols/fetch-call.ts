/** Carries a call by a transport over fetch, one request and any number of responses, and reports sizes and trailers. */
import type { DescMethod, Message } from '@bufbuild/protobuf'
import { Code, ConnectError, type Transport } from '@connectrpc/connect'
import type { Fields } from '../../contracts/live-call.ts'
import { type CarriedCall, firstRequest } from '../engine/carrier.ts'
import { isStreaming, isUnary, takesOneRequest } from '../engine/method-kind.ts'
import { Pacer } from '../engine/pacer.ts'
import { EnvelopeTap } from './envelope-tap.ts'
import { tapFetch } from './tap-fetch.ts'

/** How a protocol differs from others over fetch. */
export interface FetchProtocol {
  createTransport(call: CarriedCall, fetch: typeof globalThis.fetch): Transport
  /** Returns whether bodies are envelopes rather than one message. */
  hasEnvelopes(method: DescMethod): boolean
  /** Reads trailers from the envelope at the end of a body. */
  readEnd(end: Uint8Array): Fields
}

/** Carries a unary call, or a server stream. */
export async function carryByFetch(call: CarriedCall, protocol: FetchProtocol): Promise<void> {
  const request = await firstRequest(call)
  const hasEnvelopes = protocol.hasEnvelopes(call.method)
  const envelopes = new EnvelopeTap()
  let bodyBytes = 0
  const fetch = tapFetch(call.observer, {
    onRequest: (url, body) => call.observer.onSent(request, requestSize(url, body, hasEnvelopes)),
    onBody(octets) {
      bodyBytes += octets.length
      if (hasEnvelopes) envelopes.feed(octets)
    },
  })
  try {
    const sizeOf = () => (hasEnvelopes ? envelopes.takeSize() : bodyBytes)
    await receive(call, protocol.createTransport(call, fetch), request, sizeOf)
  } finally {
    if (envelopes.end !== null) call.observer.onTrailers(protocol.readEnd(envelopes.end))
  }
}

async function receive(call: CarriedCall, transport: Transport, request: Message, sizeOf: () => number): Promise<void> {
  const { method, signal, timeoutMs, headers, observer } = call
  if (isUnary(method)) {
    const response = await transport.unary(method, signal, timeoutMs, headers, request)
    observer.onReceived(response.message, sizeOf())
    const trailers = [...response.trailer]
    if (trailers.length > 0) observer.onTrailers(trailers)
    return
  }
  if (!isStreaming(method) || !takesOneRequest(method))
    throw new ConnectError('fetch cannot carry streams of requests', Code.Unimplemented)
  const response = await transport.stream(method, signal, timeoutMs, headers, once(request))
  const pacer = new Pacer()
  for await (const message of response.message) {
    observer.onReceived(message, sizeOf())
    await pacer.rest()
  }
}

async function* once(message: Message): AsyncGenerator<Message> {
  yield message
}

/** The encoded message: the body without its envelope, or what a GET has in its query. */
function requestSize(url: string, body: Uint8Array, hasEnvelopes: boolean): number {
  if (body.length > 0) return hasEnvelopes ? body.length - 5 : body.length
  const query = url.split('?', 2)[1] ?? ''
  return new TextEncoder().encode(new URLSearchParams(query).get('message') ?? '').length
}
