/** A connection of HTTP/1.1: who is at its other end, and the head that it sent last. */
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { CallerProtocol } from '../rpc/exchange/caller-protocol.ts'
import type { ExchangeConnection } from '../rpc/exchange/exchange.ts'
import { readConnection } from '../rpc/exchange/node-connection.ts'
import type { NodeHead } from '../rpc/exchange/node-request.ts'
import type { PortLane } from './port-lane.ts'

/** A head that was found right, and where its requests go. */
export interface KnownHead {
  readonly lane: PortLane
  /** Undefined where the lane refuses what is not a call. */
  readonly protocol: CallerProtocol | undefined
  /** One object for all requests with this head. */
  readonly head: NodeHead
}

interface RememberedHead extends KnownHead {
  readonly method: string | undefined
  readonly url: string | undefined
  readonly httpVersion: string
  readonly rawHeaders: readonly string[]
}

/** Characters of a head that is remembered: an idle connection keeps it. */
const MAX_REMEMBERED_CHARS = 2_048

const connections = new WeakMap<Socket, Http1Connection>()

/** The connection that a request came by, the same one for all of its requests. */
export function http1ConnectionOf({ socket, httpVersion }: IncomingMessage): Http1Connection {
  let connection = connections.get(socket)
  if (connection === undefined) {
    connection = new Http1Connection(socket, httpVersion === '1.0' ? '1.0' : '1.1')
    connections.set(socket, connection)
  }
  return connection
}

/** Since when no request of a connection waits for its answer; undefined where none has come. */
export function idleSinceOf(socket: Socket): number | 'busy' | undefined {
  const connection = connections.get(socket)
  if (connection === undefined) return undefined
  return connection.openRequests > 0 ? 'busy' : connection.idleSinceMs
}

/**
 * Clients send the same head again and again, but for the odd field. To compare two costs a fraction of checking and
 * planning one.
 */
export class Http1Connection implements ExchangeConnection {
  readonly remoteAddress: string
  readonly remotePort: number
  readonly isEncrypted: boolean
  readonly tls: ExchangeConnection['tls']
  readonly httpVersion: ExchangeConnection['httpVersion']
  /** Requests that have begun and wait for the end of their answers: more than one if the client sends ahead. */
  openRequests = 0
  /** Since when all that have begun are answered, by `performance.now()`. */
  idleSinceMs = performance.now()
  /** Called when all that have begun are answered; null while nobody waits. */
  whenAnswered: (() => void) | null = null
  #last: RememberedHead | undefined

  constructor(socket: Socket, httpVersion: ExchangeConnection['httpVersion']) {
    const { remoteAddress, remotePort, isEncrypted, tls } = readConnection(socket, httpVersion)
    this.remoteAddress = remoteAddress
    this.remotePort = remotePort
    this.isEncrypted = isEncrypted
    this.tls = tls
    this.httpVersion = httpVersion
  }

  /** What is known of a request whose head equals the last one. */
  recall({ method, url, httpVersion, rawHeaders }: IncomingMessage): KnownHead | undefined {
    const last = this.#last
    if (last === undefined || last.url !== url || last.method !== method || last.httpVersion !== httpVersion) {
      return undefined
    }
    return areEqual(last.rawHeaders, rawHeaders) ? last : undefined
  }

  /** Keeps what was found out about a request's head. */
  remember({ method, url, httpVersion, rawHeaders }: IncomingMessage, known: KnownHead): void {
    let chars = url?.length ?? 0
    for (const text of rawHeaders) chars += text.length
    this.#last = chars > MAX_REMEMBERED_CHARS ? undefined : { ...known, method, url, httpVersion, rawHeaders }
  }
}

function areEqual(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false
  for (let at = 0; at < a.length; at += 1) if (a[at] !== b[at]) return false
  return true
}
