/** A fetch whose requests and responses are reported to the observer of a call. */
import type { CallObserver } from '../engine/carrier.ts'

type Fetch = typeof globalThis.fetch

/** What sees a request and its response pass. */
export interface FetchTap {
  /** `url` is that of the request. */
  onRequest(url: string, body: Uint8Array): void
  onBody(octets: Uint8Array): void
}

/** Wraps the browser's fetch. Reads a response only when its reader does. */
export function tapFetch(observer: CallObserver, tap: FetchTap): Fetch {
  return async (input, init) => {
    const body = toBytes(init?.body)
    observer.onRequestBody(body)
    tap.onRequest(typeof input === 'string' ? input : String(input instanceof Request ? input.url : input), body)
    const response = await fetch(input, init)
    observer.onResponseHead(response.status, [...response.headers])
    if (response.body === null) return response
    const { status, statusText, headers } = response
    return new Response(response.body.pipeThrough(passing(observer, tap)), { status, statusText, headers })
  }
}

function passing(
  observer: CallObserver,
  tap: FetchTap,
): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  return new TransformStream({
    transform(octets, controller) {
      observer.onResponseBody(octets)
      tap.onBody(octets)
      controller.enqueue(octets)
    },
  })
}

function toBytes(body: RequestInit['body']): Uint8Array {
  if (body instanceof Uint8Array) return body
  return new TextEncoder().encode(typeof body === 'string' ? body : '')
}
