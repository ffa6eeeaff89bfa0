/** The channelz record of an HTTP/2 connection. */
import type { Socket } from 'node:net'
import { nextChannelzId } from '../../../wire/channelz/channelz-id.ts'
import { type SocketFacts, tlsFacts, toAddress } from '../../../wire/channelz/socket-facts.ts'
import { wallTime } from '../../../wire/channelz/wall-time.ts'
import type { Clock, Http2Session } from '../../../wire/http2/http2.ts'
import type { Address } from '../contracts/endpoint.ts'
import type { SocketRecord } from '../contracts/socket-record.ts'

/** What a record depends on. */
export interface SessionRecordParts {
  /** Connected. */
  readonly socket: Socket
  readonly session: Http2Session
  /** The clock of the session. */
  readonly clock: Clock
  /** The address it connects to, for sockets that do not know it. */
  readonly address: Address
}

/** Reads facts on demand, except for the addresses, which a closed socket no longer has. */
export class SessionRecord implements SocketRecord {
  readonly id = nextChannelzId()
  readonly #parts: SessionRecordParts
  readonly #openedAt = new Date()
  readonly #local: Address | null
  readonly #remote: Address

  constructor(parts: SessionRecordParts) {
    const { socket, address } = parts
    this.#parts = parts
    this.#local = toAddress(socket.localAddress, socket.localPort)
    this.#remote = toAddress(socket.remoteAddress, socket.remotePort) ?? address
  }

  get isOpen(): boolean {
    return !this.#parts.socket.destroyed
  }

  facts(): SocketFacts {
    const { socket, session, clock } = this.#parts
    const { stats, openStreams, peer } = session
    return {
      local: this.#local,
      remote: this.#remote,
      tls: tlsFacts(socket),
      openedAt: this.#openedAt,
      openStreams,
      maxStreams: peer.maxConcurrentStreams,
      lastStreamAt: wallTime(clock, stats.lastStreamStartedAtMs),
      windows: { send: session.sendWindow, receive: session.receiveWindow },
      stats: { ...stats },
    }
  }
}
