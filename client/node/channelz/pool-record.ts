/** The channelz record of the HTTP/1.1 sockets to one address, which calls see as one connection. */
import type { Socket } from 'node:net'
import { nextChannelzId } from '../../../wire/channelz/channelz-id.ts'
import { type SocketFacts, tlsFacts, toAddress } from '../../../wire/channelz/socket-facts.ts'
import { wallTime } from '../../../wire/channelz/wall-time.ts'
import type { Clock, Http2Session } from '../../../wire/http2/http2.ts'
import type { Address } from '../contracts/endpoint.ts'
import type { SocketRecord } from '../contracts/socket-record.ts'

/** What a record depends on. */
export interface PoolRecordParts {
  /** The first socket, which is connected and represents the others. */
  readonly first: Socket
  /** The address it connects to, for sockets that do not know it. */
  readonly address: Address
  readonly clock: Clock
  /** Maximum number of sockets. */
  readonly maxSockets: number
  /** Requests count as streams. */
  readonly stats: Http2Session['stats']
  openRequests(): number
  isOpen(): boolean
}

/** Reads the facts of the socket at creation, as a closed socket no longer has them. */
export class PoolRecord implements SocketRecord {
  readonly id = nextChannelzId()
  readonly #parts: PoolRecordParts
  readonly #fixed: Pick<SocketFacts, 'local' | 'remote' | 'tls' | 'openedAt' | 'maxStreams'>

  constructor(parts: PoolRecordParts) {
    const { first, address, maxSockets } = parts
    this.#parts = parts
    this.#fixed = {
      local: toAddress(first.localAddress, first.localPort),
      remote: toAddress(first.remoteAddress, first.remotePort) ?? address,
      tls: tlsFacts(first),
      openedAt: new Date(),
      maxStreams: maxSockets,
    }
  }

  get isOpen(): boolean {
    return this.#parts.isOpen()
  }

  facts(): SocketFacts {
    const { clock, stats } = this.#parts
    return {
      ...this.#fixed,
      openStreams: this.#parts.openRequests(),
      lastStreamAt: wallTime(clock, stats.lastStreamStartedAtMs),
      windows: null,
      stats: { ...stats },
    }
  }
}
