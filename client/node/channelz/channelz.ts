/** All channels of this process, for those who want to look into it (gRFC A14). */
import type { Clock } from '../../../wire/http2/http2.ts'
import { channelJson, subchannelJson } from './channel-json.ts'
import type { ChannelRecord } from './channel-record.ts'
import type { ChannelJson, SocketJson, SubchannelJson, TopChannelsPage } from './channelz-data.ts'
import { socketJson } from './socket-json.ts'

/** A channel, and the clock that it counts by. */
interface Entry {
  readonly record: ChannelRecord
  readonly clock: Clock
}

/** How many channels a page has, and at most (gRFC A14). */
const PAGE_SIZE = 100

/**
 * Answers what `grpc.channelz.v1` asks about clients. Ids are those of the project's one sequence, so they never mean two
 * things; what is gone is undefined.
 */
export class Channelz {
  /** A channel that is forgotten without being closed is not kept for this alone. Ids ascend, and so does the map. */
  readonly #entries = new Map<number, { readonly record: WeakRef<ChannelRecord>; readonly clock: Clock }>()

  /** A channel is there. Returns a function that takes it out again, once it is closed. */
  enter(record: ChannelRecord, clock: Clock): () => void {
    this.#entries.set(record.id, { record: new WeakRef(record), clock })
    return () => this.#entries.delete(record.id)
  }

  /**
   * The channels from an id on.
   *
   * @param startId the least id that is wanted, a whole number; default 0: from the first on
   * @param maxResults how many are wanted at most, of which no more than 100 come; 0, the default, means 100
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
        if (socket !== undefined) return socketJson(socket)
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

/** That of this process: every transport is in it from its making to its closing. */
export const channelz = new Channelz()
