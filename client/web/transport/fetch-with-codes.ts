/** Gives failures of fetch the codes that a gRPC client expects. */
import { Code, ConnectError } from '@connectrpc/connect'

type Fetch = typeof globalThis.fetch

/** Returns whether a response with this content type is one of the protocol. */
export type AcceptsType = (contentType: string) => boolean

/**
 * Wraps a fetch so that its failures have the codes that circuit breakers and retries depend on:
 *
 * - A server that cannot be reached, or a connection lost during a response, is UNAVAILABLE. Browsers reject with a TypeError then
 *   (Fetch standard, section 5.6), which would become UNKNOWN.
 * - A 200 response with another content type, such as the page of a captive portal, is UNKNOWN, and the error names the type (gRPC
 *   over HTTP/2, Responses).
 *
 * Errors after the caller's own signal has aborted pass unchanged.
 */
export function fetchWithCodes(fetch: Fetch, acceptsType: AcceptsType): Fetch {
  return async (input, init) => {
    const signal = init?.signal ?? null
    const response = await fetch(input, init).catch((cause) => {
      throw withCode(cause, signal, 'the server cannot be reached')
    })
    const contentType = response.headers.get('content-type')
    if (response.status === 200 && !acceptsType(contentType ?? '')) {
      await response.body?.cancel()
      throw new ConnectError(`unsupported content type ${contentType ?? '(none)'}`, Code.Unknown)
    }
    if (response.body === null) return response
    const { status, statusText, headers } = response
    return new Response(bodyWithCodes(response.body, signal), { status, statusText, headers })
  }
}

/** Reads only when its reader does. */
function bodyWithCodes(body: ReadableStream<Uint8Array>, signal: AbortSignal | null): ReadableStream<Uint8Array> {
  const reader = body.getReader()
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await reader.read().catch((cause) => {
          throw withCode(cause, signal, 'the connection was lost')
        })
        if (done) controller.close()
        else controller.enqueue(value)
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  )
}

function withCode(cause: unknown, signal: AbortSignal | null, what: string): unknown {
  if (signal?.aborted === true || cause instanceof ConnectError) return cause
  const text = cause instanceof Error ? `${what}: ${cause.message}` : what
  return new ConnectError(text, Code.Unavailable, undefined, undefined, cause)
}
