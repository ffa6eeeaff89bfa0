/** Fake connections: the test decides the outcome of every attempt. */
import { Code, ConnectError } from '@connectrpc/connect'
import { type CapacityOwner, CapacityQueue } from '../../client/node/connection/capacity-queue.ts'
import { Http2Exchange } from '../../client/node/connection/http2-exchange.ts'
import type { ConnectionAttempt, ConnectionListener, Connector } from '../../client/node/contracts/connector.ts'
import type { Address } from '../../client/node/contracts/endpoint.ts'
import type { HttpExchange, HttpListener, HttpRequest } from '../../client/node/contracts/http-exchange.ts'
import type { SocketRecord } from '../../client/node/contracts/socket-record.ts'
import type { SubchannelConnection } from '../../client/node/contracts/subchannel.ts'
import { nextChannelzId } from '../../wire/channelz/channelz-id.ts'
import type { SocketFacts } from '../../wire/channelz/socket-facts.ts'
import type { HeaderSource, Http2Stream, StreamSink } from '../../wire/http2/http2.ts'
import { SessionStats } from '../../wire/http2/session-stats.ts'
import { FakeStream } from './fake-stream.ts'

/** A connector that opens no sockets. */
export class FakeConnector implements Connector {
  readonly attempts: FakeAttempt[] = []

  get last(): FakeAttempt {
    const attempt = this.attempts.at(-1)
    if (attempt === undefined) throw new Error('there was no attempt to connect')
    return attempt
  }

  connect(address: Address, listener: ConnectionListener): ConnectionAttempt {
    const attempt = new FakeAttempt(address, listener)
    this.attempts.push(attempt)
    return attempt
  }
}

/** One attempt, and its connection, on which the test responds. */
export class FakeAttempt implements ConnectionAttempt, SubchannelConnection, CapacityOwner {
  readonly address: Address
  readonly peer = 'fake'
  readonly socket = new FakeSocket()
  /** The requests that it received. */
  readonly streams: FakeStream[] = []
  hasRoom = true
  hasLeft = false
  isClosed = false
  readonly #queue = new CapacityQueue(this)
  readonly #listener: ConnectionListener

  constructor(address: Address, listener: ConnectionListener) {
    this.address = address
    this.#listener = listener
  }

  get canRequest(): boolean {
    return !this.hasLeft && this.hasRoom && this.#queue.isFree
  }

  /** Whether it accepts another stream; see also `makeRoom`. */
  set canRequest(hasRoom: boolean) {
    this.hasRoom = hasRoom
  }

  succeed(): void {
    this.#listener.onReady(this)
  }

  fail(message = 'refused'): void {
    this.#listener.onFailed(new ConnectError(message, Code.Unavailable))
  }

  /** @param hasServed a function if that becomes known later */
  leave(hasServed: boolean | (() => boolean) = true): void {
    this.hasLeft = true
    this.#listener.onLeaving({
      error: new ConnectError('lost', Code.Unavailable),
      hasServed: typeof hasServed === 'function' ? hasServed : () => hasServed,
    })
    this.#queue.serve()
  }

  close(): void {
    this.hasLeft = true
    this.isClosed = true
    this.#queue.serve()
  }

  request(head: HeaderSource, sink: StreamSink): Http2Stream {
    const stream = new FakeStream(head, sink)
    this.streams.push(stream)
    return stream
  }

  exchange(request: HttpRequest, listener: HttpListener): HttpExchange {
    return new Http2Exchange(this, request, listener)
  }

  whenCapacity(callback: () => void): () => void {
    return this.#queue.wait(callback)
  }

  /** Accepts another stream, and notifies waiting calls. */
  makeRoom(): void {
    this.hasRoom = true
    this.#queue.serve()
  }
}

/** The connection details shown by inspection. */
class FakeSocket implements SocketRecord {
  readonly id = nextChannelzId()
  isOpen = true

  facts(): SocketFacts {
    return {
      local: null,
      remote: { host: '192.0.2.1', port: 80 },
      tls: null,
      openedAt: new Date(0),
      openStreams: 0,
      maxStreams: 100,
      lastStreamAt: null,
      windows: null,
      stats: new SessionStats(),
    }
  }
}
