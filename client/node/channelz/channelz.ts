/** The registry of all channels of this process (gRFC A14). */
import type { ChannelJson, SocketJson, SubchannelJson, TopChannelsPage } from '../../../wire/channelz/channelz-data.ts'
import { socketJson } from '../../../wire/channelz/socket-json.ts'
import type { Clock } from '../../../wire/http2/http2.ts'
import { channelJson, socketRef, subchannelJson } from './channel-json.ts'
import type { ChannelRecord } from './channel-record.ts'

/** A channel, and its clock. */
interface Entry {
  readonly record: ChannelRecord
  readonly clock: Clock
}

/** Default and maximum number of channels per page (gRFC A14). */
const PAGE_SIZE = 100

/**
 * Implements the queries of `grpc.channelz.v1` for clients. All ids come from one sequence, so they are never ambiguous. Queries for entities
 * that no longer exist return undefined.
 */
export class Channelz {
  /** Weak references, so that the registry does not keep channels alive that were not closed. In the order of ascending ids. */
  readonly #entries = new Map<number, { readonly record: WeakRef<ChannelRecord>; readonly clock: Clock }>()

  /** Registers a channel. Returns a function that removes it when it is closed. */
  enter(record: ChannelRecord, clock: Clock): () => void {
    this.#entries.set(record.id, { record: new WeakRef(record), clock })
    return () => this.#entries.delete(record.id)
  }

  /**
   * Returns the channels from an id on.
   *
   * @param startId the lowest id, a whole number. Default 0: from the first
   * @param maxResults maximum number of channels, limited to 100. Default 0: 100
   */
  getTopChannels(startId = 0, maxResults = 0): TopChannelsPage {
    const size = maxResults > 0 ? Math.min(maxResults, PAGE_SIZE) : PAGE_SIZE
    const wanted = this.#all().filter(({ record }) => record.id >= startId)
    return {
      channel: wanted.slice(0, size).map(({ record, clock }) => channelJson(record, clock)),
      end: wanted.length <= size,
    }
  }

  getChannel(id: number): ChannelJson | undefined {
    const entry = this.#all().find(({ record }) => record.id === id)
    return entry && channelJson(entry.record, entry.clock)
  }

  getSubchannel(id: number): SubchannelJson | undefined {
    for (const { record, clock } of this.#all()) {
      const subchannel = record.subchannels.get(id)
      if (subchannel !== undefined) return subchannelJson(subchannel, clock)
    }
    return undefined
  }

  getSocket(id: number): SocketJson | undefined {
    for (const { record } of this.#all()) {
      for (const { sockets } of record.subchannels.values()) {
        const socket = sockets.find((candidate) => candidate.id === id)
        if (socket !== undefined) return socketJson(socketRef(socket), socket.facts())
      }
    }
    return undefined
  }

  #all(): Entry[] {
    const all: Entry[] = []
    for (const [id, { record, clock }] of this.#entries) {
      const known = record.deref()
      if (known === undefined) this.#entries.delete(id)
      else all.push({ record: known, clock })
    }
    return all
  }
}

/** The registry of this process. Every transport is in it from its creation until it is closed. */
export const channelz = new Channelz()
