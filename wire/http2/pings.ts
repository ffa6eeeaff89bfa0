/** Our own PINGs and their acknowledgements. */
import { Buffer } from 'node:buffer'
import { FrameFlag } from './frame.ts'
import type { PingsPart, SessionParts } from './session-parts.ts'

/** PINGs that may be on their way at once. */
const MAX_OUTSTANDING_PINGS = 10

/** Marks the PINGs as ours; a number follows. */
const MARK = 0x706f7274

interface OutstandingPing {
  readonly number: number
  readonly sentAtMs: number
  readonly onAck: (roundTripMs: number) => void
}

/** The PINGs of a session. */
export class Pings implements PingsPart {
  private readonly session: SessionParts
  private outstanding: OutstandingPing[] = []
  private lastNumber = 0

  constructor(session: SessionParts) {
    this.session = session
  }

  /** Sends one; `onAck` is called when it comes back, after the chunk that brings it. False if there are too many. */
  send(onAck: (roundTripMs: number) => void): boolean {
    if (this.outstanding.length >= MAX_OUTSTANDING_PINGS) return false
    const number = ++this.lastNumber
    this.outstanding.push({ number, sentAtMs: this.session.options.timers.clock.now(), onAck })
    const payload = Buffer.allocUnsafe(8)
    payload.writeUInt32BE(MARK, 0)
    payload.writeUInt32BE(number >>> 0, 4)
    this.session.sender.control.ping(FrameFlag.NONE, payload, 0, false)
    this.session.stats.pingsSent++
    this.session.sender.schedule()
    return true
  }

  /** A PING ACK came; false if nobody waits for it. */
  acknowledge(buffer: Buffer, start: number): boolean {
    if (buffer.readUInt32BE(start) !== MARK) return false
    const number = buffer.readUInt32BE(start + 4)
    const ping = this.outstanding.find((candidate) => candidate.number === number)
    if (ping === undefined) return false
    this.outstanding = this.outstanding.filter((candidate) => candidate !== ping)
    const roundTripMs = this.session.nowMs - ping.sentAtMs
    this.session.later(() => ping.onAck(roundTripMs))
    return true
  }
}
