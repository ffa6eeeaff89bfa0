/** The recent events of a channel or subchannel (gRFC A14, channel trace). */
import type { Address } from '../contracts/endpoint.ts'

/** The severity of an event, by the names of channelz. */
export type TraceSeverity = 'CT_INFO' | 'CT_WARNING' | 'CT_ERROR'

/** An event. */
export interface TraceEvent {
  /** A sentence for people, without a full stop. */
  readonly description: string
  readonly severity: TraceSeverity
  readonly at: Date
  /** The subchannel of a channel's event; undefined for events of the channel itself. */
  readonly subchannel: TracedSubchannel | undefined
}

/** A reference to a subchannel, valid after its end. */
export interface TracedSubchannel {
  readonly id: number
  readonly address: Address
}

/** Maximum number of events. The oldest are dropped. */
const MAX_EVENTS = 30

/** Limited, as descriptions may contain text from servers. */
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

  /** Number of events ever added. */
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
