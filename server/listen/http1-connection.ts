/** An HTTP/1.1 connection: its peer, its open requests, and the last head it sent. */
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { CallerProtocol } from '../rpc/exchange/caller-protocol.ts'
import type { ExchangeConnection } from '../rpc/exchange/exchange.ts'
import { readConnection } from '../rpc/exchange/node-connection.ts'
import type { NodeHead } from '../rpc/exchange/node-request.ts'
import type { PortLane } from './port-lane.ts'

/** A valid head, and the lane that answers its requests. */
export interface KnownHead {
  readonly lane: PortLane
  /** Undefined if the lane refuses it as not a call. */
  readonly protocol: CallerProtocol | undefined
  /** Shared by all requests with this head. */
  readonly head: NodeHead
}

interface RememberedHead extends KnownHead {
  readonly method: string | undefined
  readonly url: string | undefined
  readonly httpVersion: string
  readonly rawHeaders: readonly string[]
}

/** Longer heads are not remembered, because an idle connection keeps its head in memory. */
const MAX_REMEMBERED_CHARS = 2_048

const connections = new WeakMap<Socket, Http1Connection>()

/** Returns the connection of a request, always the same object for one socket. */
export function http1ConnectionOf({ socket, httpVersion }: IncomingMessage): Http1Connection {
  let connection = connections.get(socket)
  if (connection === undefined) {
    connection = new Http1Connection(socket, httpVersion === '1.0' ? '1.0' : '1.1')
    connections.set(socket, connection)
  }
  return connection
}

/** Returns the connection of a socket; undefined before its first request. */
export function knownHttp1Connection(socket: Socket): Http1Connection | undefined {
  return connections.get(socket)
}

/** Returns since when a connection has no open request; 'busy' if it has one, undefined if it never had one. */
export function idleSinceOf(socket: Socket): number | 'busy' | undefined {
  const connection = connections.get(socket)
  if (connection === undefined) return undefined
  return connection.openRequests > 0 ? 'busy' : connection.idleSinceMs
}

/**
 * Clients repeat the same head with few variations. Comparing it with the last one costs a fraction of checking and
 * planning it again.
 */
export class Http1Connection implements ExchangeConnection {
  readonly remoteAddress: string
  readonly remotePort: number
  readonly peer: string
  readonly isEncrypted: boolean
  readonly tls: ExchangeConnection['tls']
  readonly httpVersion: ExchangeConnection['httpVersion']
  /** Requests whose responses are not complete: more than one if the client pipelines. */
  openRequests = 0
  /** Set when the connection becomes a WebSocket. */
  isFullDuplex = false
  /** Since when there is no open request, by `performance.now()`. */
  idleSinceMs = performance.now()
  /** Called when there is no open request any more; null if nothing waits for that. */
  whenAnswered: (() => void) | null = null
  #last: RememberedHead | undefined

  constructor(socket: Socket, httpVersion: ExchangeConnection['httpVersion']) {
    const { remoteAddress, remotePort, peer, isEncrypted, tls } = readConnection(socket, httpVersion)
    this.remoteAddress = remoteAddress
    this.remotePort = remotePort
    this.peer = peer
    this.isEncrypted = isEncrypted
    this.tls = tls
    this.httpVersion = httpVersion
  }

  /** Returns what is known of a request whose head equals the last one; undefined for another head. */
  recall({ method, url, httpVersion, rawHeaders }: IncomingMessage): KnownHead | undefined {
    const last = this.#last
    if (last === undefined || last.url !== url || last.method !== method || last.httpVersion !== httpVersion) {
      return undefined
    }
    return areEqual(last.rawHeaders, rawHeaders) ? last : undefined
  }

  /** Keeps what was found about a head, in place of the last one. */
  remember({ method, url, httpVersion, rawHeaders }: IncomingMessage, known: KnownHead): void {
    let chars = url?.length ?? 0
    for (const text of rawHeaders) chars += text.length
    this.#last = chars > MAX_REMEMBERED_CHARS ? undefined : { ...known, method, url, httpVersion, rawHeaders }
  }
}

/** Compares strings, most of which are the same objects or differ early. */
function areEqual(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false
  for (let at = 0; at < a.length; at += 1) if (a[at] !== b[at]) return false
  return true
}
