/** Exchanges over HTTP/1.1 of a node:http server, one for each request. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { ExchangeReset } from '../../server/rpc/exchange/exchange.ts'
import { Http1Exchange } from '../../server/rpc/exchange/http1-exchange.ts'
import { NodeHead } from '../../server/rpc/exchange/node-request.ts'
import { ResponseBlock } from '../../server/rpc/exchange/response-block.ts'
import { type MemoryBudget, ProcessMemory } from '../../wire/http2/http2.ts'
import { listenRaw } from './listen-raw.ts'
import { RawSocket } from './raw-socket.ts'

const MIB = 1_048_576
/** The peer of the requests. */
export const PEER = {
  remoteAddress: '127.0.0.1',
  remotePort: 1,
  peer: '127.0.0.1:1',
  isEncrypted: false,
  httpVersion: '1.1',
} as const
/** The head of a success. */
export const OK = ResponseBlock.once(200, [{ name: 'content-type', value: 'text/plain' }])

/** Waits for the events of an exchange one by one. */
export class Owner {
  readonly exchange: Http1Exchange
  resets: ExchangeReset[] = []
  #wake: (() => void) | undefined
  readable = 0
  writable = 0

  constructor(exchange: Http1Exchange) {
    this.exchange = exchange
    exchange.sink = {
      isOwed: false,
      onReadable: () => this.#note(() => this.readable++),
      onWritable: () => this.#note(() => this.writable++),
      onReset: (reset) => this.#note(() => this.resets.push(reset)),
    }
  }

  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** Reads the whole body, however long. */
  async body(): Promise<string> {
    const { exchange } = this
    const before = this.readable
    if (!exchange.want(Number.MAX_SAFE_INTEGER)) await this.until(() => this.readable > before)
    return exchange.readableBytes === 0 ? '' : exchange.read(exchange.readableBytes).toString('latin1')
  }

  #note(what: () => void): void {
    what()
    this.#wake?.()
  }
}

/** A listening server. */
export interface Served {
  readonly port: number
  readonly server: Server
}

/** How requests are served. */
export interface ServeOptions {
  readonly continues?: boolean
  readonly budget?: MemoryBudget
}

/** A node:http server; it closes with its remaining connections when the test ends. */
export async function serve(accept: (owner: Owner) => void, options: ServeOptions = {}): Promise<Served> {
  const { continues = false, budget = { memory: new ProcessMemory(), processBufferBytes: 256 * MIB } } = options
  const server = createServer()
  const handle = (request: IncomingMessage, response: ServerResponse) => {
    request.on('error', () => {})
    accept(new Owner(new Http1Exchange(request, response, { head: new NodeHead(request), connection: PEER, budget })))
  }
  server.on('request', handle)
  if (continues) server.on('checkContinue', handle)
  return { server, port: await listenRaw(server) }
}

/** Connects a socket for raw octets. */
export async function connectTo({ port }: Served): Promise<RawSocket> {
  return RawSocket.open({ port })
}
