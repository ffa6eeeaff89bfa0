/** What has happened to a channel or subchannel lately (gRFC A14, channel trace). */
import type { Address } from '../contracts/endpoint.ts'

/** How much an event matters, by channelz's own names. */
export type TraceSeverity = 'CT_INFO' | 'CT_WARNING' | 'CT_ERROR'

/** Something that happened. */
export interface TraceEvent {
  /** For people: one sentence without a full stop. */
  readonly description: string
  readonly severity: TraceSeverity
  readonly at: Date
  /** The subchannel that it is about, for events of a channel; undefined: it is about the channel itself. */
  readonly subchannel: TracedSubchannel | undefined
}

/** Names a subchannel, also after its end. */
export interface TracedSubchannel {
  readonly id: number
  readonly address: Address
}

/** How many events are kept: the oldest fall out. */
const MAX_EVENTS = 30

/** Reasons come from servers, too. */
const MAX_DESCRIPTION_LENGTH = 500

/** The last events of one channel or subchannel. */
export class Trace {
  readonly createdAt = new Date()
  readonly #events: TraceEvent[] = []
  #count = 0

  /** At most 30, the oldest first. */
  get events(): readonly TraceEvent[] {
    return this.#events
  }

  /** All that were ever added. */
  get count(): number {
    return this.#count
  }

  add(description: string, severity: TraceSeverity = 'CT_INFO', subchannel?: TracedSubchannel): void {
    this.#count += 1
    if (this.#events.length === MAX_EVENTS) this.#events.shift()
    this.#events.push({
      description: description.slice(0, MAX_DESCRIPTION_LENGTH),
      severity,
      at: new Date(),
      subchannel,
    })
  }
}
