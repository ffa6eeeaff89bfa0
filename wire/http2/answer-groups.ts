/** Delivers the responses of a chunk to their owners in groups. */
import type { Dispatcher } from './dispatcher.ts'
import type { Sender } from './sender.ts'

/** Minimum size of a group. */
const MIN_GROUP = 8

/**
 * For a client, where one chunk often brings many responses. The requests that the first owners send next leave while the other owners
 * are still being called, which gives the server work: 83,000 instead of 71,000 calls/s with 50 calls in flight to a server on another
 * core.
 */
export class AnswerGroups {
  private readonly dispatcher: Dispatcher
  private readonly sender: Sender
  private isGroupDue = false

  constructor(dispatcher: Dispatcher, sender: Sender) {
    this.dispatcher = dispatcher
    this.sender = sender
  }

  /** Called after each chunk. */
  dispatch(): void {
    const { dispatcher } = this
    const streams = dispatcher.touchedStreams
    if (streams <= MIN_GROUP) {
      dispatcher.dispatch()
      return
    }
    const rest = dispatcher.holdBack(Math.max(MIN_GROUP, streams >> 2))
    dispatcher.dispatch()
    dispatcher.putBack(rest)
    if (this.isGroupDue) return
    this.isGroupDue = true
    // After everything that this group causes: first its microtasks, then what they defer to the next tick.
    queueMicrotask(() => process.nextTick(() => this.dispatchRest()))
  }

  private dispatchRest(): void {
    this.isGroupDue = false
    this.sender.flushNow()
    this.dispatch()
  }
}
