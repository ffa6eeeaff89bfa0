/** Calls by REST: requests as the option google.api.http says, and JSON. */
import type { Message } from '@bufbuild/protobuf'
import { Code, ConnectError } from '@connectrpc/connect'
import { fetchWithCodes } from '../../../../client/web/transport/fetch-with-codes.ts'
import { type CarriedCall, type Carrier, firstRequest } from '../engine/carrier.ts'
import { takesOneRequest } from '../engine/method-kind.ts'
import { Pacer } from '../engine/pacer.ts'
import { errorOfBody } from '../rest/rest-error.ts'
import { buildRestRequest, type RestRequest } from '../rest/rest-request.ts'
import { RestDecoder } from '../rest/rest-responses.ts'
import type { StreamText } from '../rest/stream-texts.ts'
import { tapFetch } from './tap-fetch.ts'

/** Events come first, as they tell the error at the end from a message, and open before the first message. */
const ACCEPT_STREAM = 'text/event-stream, application/x-ndjson;q=0.9'

export const restCalls: Carrier = {
  async carry(call) {
    if (!takesOneRequest(call.method))
      throw new ConnectError('fetch cannot carry streams of requests', Code.Unimplemented)
    const message = await firstRequest(call)
    const request = buildRequest(call, message)
    const deadline = new Deadline(call)
    try {
      const response = await send(call, request, message, deadline.signal)
      await receive(call, request, response)
    } catch (error) {
      throw deadline.isOver ? new ConnectError('the deadline is over', Code.DeadlineExceeded) : error
    } finally {
      deadline.clear()
    }
  },
}

function buildRequest({ method, registry }: CarriedCall, message: Message): RestRequest {
  try {
    return buildRestRequest(method, message, registry)
  } catch (error) {
    throw new ConnectError(error instanceof Error ? error.message : String(error), Code.InvalidArgument)
  }
}

async function send(call: CarriedCall, request: RestRequest, message: Message, signal: AbortSignal): Promise<Response> {
  const { method, baseUrl, timeoutMs, observer } = call
  const headers = new Headers(call.headers)
  if (request.contentType !== null) headers.set('content-type', request.contentType)
  if (timeoutMs !== undefined) headers.set('x-server-timeout', String(timeoutMs / 1_000))
  if (method.methodKind === 'server_streaming' && !headers.has('accept')) headers.set('accept', ACCEPT_STREAM)
  const fetch = fetchWithCodes(
    tapFetch(observer, {
      onRequest: (url, body) => observer.onSent(message, body.length > 0 ? body.length : querySize(url)),
      onBody() {},
    }),
    () => true,
  )
  const { verb, target, body } = request
  return await fetch(`${baseUrl}${target}`, { method: verb, headers, body, signal, redirect: 'error' })
}

/** The message is in the path and the query. */
function querySize(url: string): number {
  return new URL(url).pathname.length + new URL(url).search.length
}

async function receive(call: CarriedCall, request: RestRequest, response: Response): Promise<void> {
  if (!response.ok) throw errorOfBody(await response.text(), response.status, call.registry)
  const decoder = new RestDecoder(call.method, request.binding, call.registry)
  if (call.method.methodKind === 'server_streaming') return await receiveStream(call, response, decoder)
  const octets = new Uint8Array(await response.arrayBuffer())
  const message = decoder.isRaw
    ? decoder.decodeRaw(contentTypeOf(response), octets)
    : decoder.decodeJson(new TextDecoder().decode(octets))
  call.observer.onReceived(message, octets.length)
}

async function receiveStream(call: CarriedCall, response: Response, decoder: RestDecoder): Promise<void> {
  if (response.body === null) return
  const contentType = contentTypeOf(response)
  const reader = decoder.streamReader(contentType)
  const pacer = new Pacer()
  const take = async ({ isError, text }: StreamText) => {
    if (isError) throw errorOfBody(text, response.status, call.registry)
    call.observer.onReceived(decoder.decodeJson(text), new TextEncoder().encode(text).length)
    await pacer.rest()
  }
  for await (const octets of chunksOf(response.body)) {
    if (decoder.isRaw) call.observer.onReceived(decoder.decodeRaw(contentType, octets), octets.length)
    else for (const text of reader.feed(octets)) await take(text)
  }
  for (const text of reader.finish()) await take(text)
}

/** Not all browsers can iterate over a stream. */
async function* chunksOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader()
  try {
    while (true) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    await reader.cancel().catch(() => {})
  }
}

function contentTypeOf(response: Response): string {
  return response.headers.get('content-type') ?? ''
}

/** Ends a call when its time is over, should the server not do so. */
class Deadline {
  readonly signal: AbortSignal
  readonly #timeout = new AbortController()
  readonly #timer: ReturnType<typeof setTimeout> | undefined

  constructor({ signal, timeoutMs }: CarriedCall) {
    this.signal = AbortSignal.any([signal, this.#timeout.signal])
    if (timeoutMs !== undefined) this.#timer = setTimeout(() => this.#timeout.abort(), timeoutMs)
  }

  get isOver(): boolean {
    return this.#timeout.signal.aborted
  }

  clear(): void {
    clearTimeout(this.#timer)
  }
}
