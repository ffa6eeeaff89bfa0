/** Our own PINGs and their acknowledgements. */
import { Buffer } from 'node:buffer'
import { FrameFlag } from './frame.ts'
import type { Outbox } from './outbox.ts'
import type { SessionState } from './session-state.ts'

/** Maximum of unacknowledged PINGs. */
const MAX_OUTSTANDING_PINGS = 10

/** The first half of the payload of our PINGs; a number follows. */
const MARK = 0x706f7274

interface OutstandingPing {
  readonly number: number
  readonly sentAtMs: number
  readonly onAck: (roundTripMs: number) => void
}

/** The PINGs of a session. */
export class Pings {
  private readonly state: SessionState
  private readonly outbox: Outbox
  private outstanding: OutstandingPing[] = []
  private lastNumber = 0

  constructor(state: SessionState, outbox: Outbox) {
    this.state = state
    this.outbox = outbox
  }

  /** Sends a PING. `onAck` is called after the chunk with its acknowledgement. False if too many are unacknowledged. */
  send(onAck: (roundTripMs: number) => void): boolean {
    if (this.outstanding.length >= MAX_OUTSTANDING_PINGS) return false
    const number = ++this.lastNumber
    this.outstanding.push({ number, sentAtMs: this.state.options.timers.clock.now(), onAck })
    const payload = Buffer.allocUnsafe(8)
    payload.writeUInt32BE(MARK, 0)
    payload.writeUInt32BE(number >>> 0, 4)
    this.outbox.control.ping(FrameFlag.NONE, payload, 0, false)
    this.state.stats.pingsSent++
    this.outbox.schedule()
    return true
  }

  /** Handles a PING ACK. False if it acknowledges none of our PINGs. */
  acknowledge(buffer: Buffer, start: number): boolean {
    if (buffer.readUInt32BE(start) !== MARK) return false
    const number = buffer.readUInt32BE(start + 4)
    const ping = this.outstanding.find((candidate) => candidate.number === number)
    if (ping === undefined) return false
    this.outstanding = this.outstanding.filter((candidate) => candidate !== ping)
    const roundTripMs = this.state.nowMs - ping.sentAtMs
    this.state.later(() => ping.onAck(roundTripMs))
    return true
  }
}
