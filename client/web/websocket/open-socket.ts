/** Opens the WebSocket of a call, and finds out why a server refused it: browsers do not say. */
import { Code, ConnectError } from '@connectrpc/connect'
import { SUBPROTOCOL } from '../../../wire/grpc-websockets/grpc-websockets.ts'
import type { CallSocket, CreateSocket } from './call-socket.ts'

/** How long a server may take to answer a plain GET, after it has refused a WebSocket. */
const MAX_PROBE_MS = 5_000

/**
 * How long a handshake may take. Browsers open WebSockets to a server one after the other, so that many may wait. A proxy that passes no
 * WebSockets on may never answer.
 */
const MAX_HANDSHAKE_MS = 60_000

/** Answers of a server, or of a proxy before it, that may speak the format later. */
const TEMPORARY = new Set([429, 500, 502, 503, 504])

/** Opens a WebSocket for one call. */
export interface SocketOpener {
  readonly create: CreateSocket
  /** Finds out whether a server that refused a WebSocket answers HTTP. */
  readonly fetch: typeof globalThis.fetch
}

/**
 * Opens a WebSocket to the method at `url`, whose scheme is `http` or `https`.
 *
 * @throws ConnectError with UNIMPLEMENTED when the server refuses the WebSocket but answers HTTP, or does not choose the subprotocol; else
 *   with UNAVAILABLE
 * @throws the signal's reason
 */
export async function openSocket(url: string, signal: AbortSignal, opener: SocketOpener): Promise<CallSocket> {
  const target = absoluteUrl(url)
  const first = await tryOpen(target, signal, opener)
  if (first !== null) return first
  if (await answersHttp(target, signal, opener.fetch)) {
    // The server may have started in the meantime, so it has a second try. Nothing has been sent yet.
    const second = await tryOpen(target, signal, opener)
    if (second !== null) return second
    const text = `the server answers, but refuses WebSockets at ${target.pathname}: it does not speak ${SUBPROTOCOL}, or refuses this origin`
    throw new ConnectError(text, Code.Unimplemented)
  }
  const text = `the WebSocket could not be opened: the server may not be reachable, may not speak ${SUBPROTOCOL}, or refuses this origin`
  throw new ConnectError(text, Code.Unavailable)
}

/**
 * Returns null if the server refuses the WebSocket or cannot be reached.
 *
 * @throws ConnectError if it does not answer, or does not choose the subprotocol
 */
async function tryOpen(target: URL, signal: AbortSignal, { create }: SocketOpener): Promise<CallSocket | null> {
  signal.throwIfAborted()
  const url = new URL(target)
  url.protocol = target.protocol.replace('http', 'ws')
  const socket = create(url.href)
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(lateError()), MAX_HANDSHAKE_MS)
  const ending = AbortSignal.any([signal, late.signal])
  const onEnding = () => socket.close(ending.reason)
  ending.addEventListener('abort', onEnding)
  try {
    const protocol = await socket.opened
    if (protocol === SUBPROTOCOL) return socket
  } catch {
    ending.throwIfAborted()
    return null
  } finally {
    clearTimeout(timer)
    ending.removeEventListener('abort', onEnding)
  }
  const error = new ConnectError(`the server opened a WebSocket, but does not speak ${SUBPROTOCOL}`, Code.Unimplemented)
  socket.close(error)
  throw error
}

function lateError(): ConnectError {
  const text = `the server has not answered the handshake of the WebSocket for ${MAX_HANDSHAKE_MS / 1000} seconds`
  return new ConnectError(text, Code.Unavailable)
}

/** Sends a GET, which has no effect on the method. An answer that hides from the page, as another origin's may, counts as none. */
async function answersHttp(target: URL, signal: AbortSignal, fetch: typeof globalThis.fetch): Promise<boolean> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(MAX_PROBE_MS)])
  try {
    const response = await fetch(target.href, { signal: limit, cache: 'no-store' })
    await response.body?.cancel()
    return !TEMPORARY.has(response.status)
  } catch {
    signal.throwIfAborted()
    return false
  }
}

/** In a page, a URL may be relative to it. */
function absoluteUrl(url: string): URL {
  const { location } = globalThis as { readonly location?: { readonly href: string } }
  const absolute = new URL(url, location?.href)
  absolute.protocol = absolute.protocol.replace('ws', 'http')
  return absolute
}
