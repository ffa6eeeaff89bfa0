/** gRPC-Web over WebSockets, for calls of all four modes from a page. */
import { Code, ConnectError, type Transport } from '@connectrpc/connect'
import { createTransport } from '@connectrpc/connect/protocol-grpc-web'
import { SUBPROTOCOL } from '../../../wire/grpc-websockets/grpc-websockets.ts'
import { assertWhole, type OptionKinds } from '../../../wire/options/check-options.ts'
import { WEB_ADVICE } from '../transport/other-names.ts'
import { checkPageOptions, PAGE_OPTION_KINDS, type PageTransportOptions } from '../transport/page-transport-options.ts'
import { callByWebSocket } from './call-by-websocket.ts'
import type { CreateSocket } from './call-socket.ts'
import { EventSocket } from './event-socket.ts'
import { StreamSocket, type WebSocketStreamConstructor } from './stream-socket.ts'

/** Settings of a transport over WebSockets. Each has a default. */
export interface WebSocketTransportOptions extends Omit<PageTransportOptions, 'fetch'> {
  /** The greatest message to accept, in bytes, from 1 to 4,294,967,295. A greater one is RESOURCE_EXHAUSTED. Default: 4 MiB. */
  readonly readMaxBytes?: number
  /** The greatest message to send, in bytes, from 1 to 4,294,967,295. A greater one is RESOURCE_EXHAUSTED. Default: 4,294,967,295. */
  readonly writeMaxBytes?: number
  /**
   * The bytes of received messages that may wait for the page to read them, from 1 to 4,294,967,295. More fails the call with
   * RESOURCE_EXHAUSTED; with WebSocketStream, as in Chromium, the server is slowed down instead. Default: 16 MiB.
   */
  readonly maxBufferedBytes?: number
  /** Finds out whether a server that refused a WebSocket answers HTTP. Default: the browser's fetch, looked up by each call. */
  readonly fetch?: typeof globalThis.fetch
  /** The constructor of WebSockets. Default: the platform's, as a WebSocketStream where there is one. */
  readonly WebSocket?: typeof globalThis.WebSocket
}

const KINDS: OptionKinds<WebSocketTransportOptions> = {
  ...PAGE_OPTION_KINDS,
  readMaxBytes: ['number'],
  writeMaxBytes: ['number'],
  maxBufferedBytes: ['number'],
  WebSocket: ['function'],
}
const ADVICE = {
  ...WEB_ADVICE,
  credentials: "no counterpart, as the browser sends the cookies of the server's site with the handshake",
}

const MAX_MESSAGE_BYTES = 0xffff_ffff
const DEFAULT_READ_MAX_BYTES = 4 * 1024 * 1024
const DEFAULT_BUFFERED_BYTES = 16 * 1024 * 1024

/**
 * Creates a transport for `createClient` that carries unary calls and streams of all kinds, in the wire format `grpc-websockets`. Each call
 * is a WebSocket of its own. `withStreaming` leaves to fetch what fetch can carry.
 *
 * @throws RangeError for an unknown option, or a value of the wrong kind or out of range
 */
export function createWebSocketTransport(options: WebSocketTransportOptions = {}): Transport {
  return createWebSocketTransportFor('createWebSocketTransport', options)
}

/** As {@link createWebSocketTransport}, for the options of another function. */
export function createWebSocketTransportFor(owner: string, options: WebSocketTransportOptions): Transport {
  checkPageOptions(owner, options, KINDS, ADVICE)
  const { baseUrl = '/', useBinaryFormat = true, registry, jsonOptions, interceptors = [] } = options
  const { readMaxBytes = DEFAULT_READ_MAX_BYTES, writeMaxBytes = MAX_MESSAGE_BYTES } = options
  const { maxBufferedBytes = DEFAULT_BUFFERED_BYTES } = options
  assertWhole(`${owner}: readMaxBytes`, readMaxBytes, { max: MAX_MESSAGE_BYTES })
  assertWhole(`${owner}: writeMaxBytes`, writeMaxBytes, { max: MAX_MESSAGE_BYTES })
  assertWhole(`${owner}: maxBufferedBytes`, maxBufferedBytes, { max: MAX_MESSAGE_BYTES })
  const fetch: typeof globalThis.fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init))
  const create: CreateSocket = (url) => createSocket(url, options.WebSocket, maxBufferedBytes)
  return createTransport({
    httpClient: callByWebSocket({ create, fetch }, readMaxBytes),
    baseUrl,
    useBinaryFormat,
    interceptors: [...interceptors],
    jsonOptions: { ...(registry !== undefined && { registry }), ...jsonOptions },
    binaryOptions: options.binaryOptions ?? {},
    ...(options.defaultTimeoutMs !== undefined && { defaultTimeoutMs: options.defaultTimeoutMs }),
    acceptCompression: [],
    sendCompression: null,
    compressMinBytes: MAX_MESSAGE_BYTES,
    readMaxBytes,
    writeMaxBytes,
  })
}

function createSocket(url: string, given: typeof globalThis.WebSocket | undefined, maxBufferedBytes: number) {
  const platform = globalThis as {
    readonly WebSocket?: typeof globalThis.WebSocket
    readonly WebSocketStream?: WebSocketStreamConstructor
  }
  if (given === undefined && platform.WebSocketStream !== undefined) {
    return new StreamSocket(platform.WebSocketStream, url, maxBufferedBytes)
  }
  const Socket = given ?? platform.WebSocket
  if (Socket === undefined) {
    throw new ConnectError('this runtime has no WebSocket: pass one as the option WebSocket', Code.Unimplemented)
  }
  return new EventSocket(new Socket(url, SUBPROTOCOL), maxBufferedBytes)
}
