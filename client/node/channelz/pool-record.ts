/** Shows the sockets to one address over HTTP/1.1 as the one connection that they are to the calls. */
import type { Socket } from 'node:net'
import { nextChannelzId } from '../../../wire/channelz-id.ts'
import type { Clock, Http2Session } from '../../../wire/http2/http2.ts'
import type { Address } from '../contracts/endpoint.ts'
import type { SocketFacts, SocketRecord } from '../contracts/socket-record.ts'
import { tlsFacts, toAddress } from './session-record.ts'
import { wallTime } from './wall-time.ts'

/** What is shown. */
export interface PoolRecordParts {
  /** The first socket, connected: it stands for the others, which are like it. */
  readonly first: Socket
  /** Where it was meant to lead, for sockets that cannot tell. */
  readonly address: Address
  readonly clock: Clock
  /** How many sockets there may be. */
  readonly maxSockets: number
  /** Requests count as streams. */
  readonly stats: Http2Session['stats']
  openRequests(): number
  isOpen(): boolean
}

/** What a socket says of itself is noted when it is there: one that is closed says nothing. */
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
