/** Connections of tests: every attempt waits for the test to say how it goes. */
import { Code, ConnectError } from '@connectrpc/connect'
import type { ConnectionAttempt, ConnectionListener, Connector } from '../../client/node/channel/connector.ts'
import type { Address } from '../../client/node/channel/endpoint.ts'
import type { HttpExchange, HttpListener, HttpRequest } from '../../client/node/channel/http-exchange.ts'
import { Http2Exchange } from '../../client/node/channel/http2-exchange.ts'
import type { SubchannelConnection } from '../../client/node/channel/subchannel.ts'
import type { SocketFacts, SocketRecord } from '../../client/node/channelz/socket-record.ts'
import { nextChannelzId } from '../../wire/channelz-id.ts'
import type { HeaderSource, Http2Stream, StreamSink } from '../../wire/http2/http2.ts'
import { SessionStats } from '../../wire/http2/session-stats.ts'
import { FakeStream } from './fake-stream.ts'

/** A connector that connects to nothing. */
export class FakeConnector implements Connector {
  readonly attempts: FakeAttempt[] = []

  get last(): FakeAttempt {
    const attempt = this.attempts.at(-1)
    if (attempt === undefined) throw new Error('nobody has tried to connect')
    return attempt
  }

  connect(address: Address, listener: ConnectionListener): ConnectionAttempt {
    const attempt = new FakeAttempt(address, listener)
    this.attempts.push(attempt)
    return attempt
  }
}

/** One attempt, and the connection that comes of it, over which the test answers. */
export class FakeAttempt implements ConnectionAttempt, SubchannelConnection {
  readonly address: Address
  readonly peer = 'fake'
  readonly socket = new FakeSocket()
  /** The requests that were made over it. */
  readonly streams: FakeStream[] = []
  canRequest = true
  isClosed = false
  readonly #waiting = new Set<() => void>()
  readonly #listener: ConnectionListener

  constructor(address: Address, listener: ConnectionListener) {
    this.address = address
    this.#listener = listener
  }

  succeed(): void {
    this.#listener.onReady(this)
  }

  fail(message = 'refused'): void {
    this.#listener.onFailed(new ConnectError(message, Code.Unavailable))
  }

  leave(hasServed = true): void {
    this.#listener.onLeaving({ error: new ConnectError('lost', Code.Unavailable), hasServed })
  }

  close(): void {
    this.isClosed = true
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
    this.#waiting.add(callback)
    return () => this.#waiting.delete(callback)
  }

  /** There is room for another stream: whoever waits is told. */
  makeRoom(): void {
    this.canRequest = true
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const callback of waiting) callback()
  }
}

/** What is shown of a connection to nothing. */
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
      stats: new SessionStats(),
    }
  }
}
