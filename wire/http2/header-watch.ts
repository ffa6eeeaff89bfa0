/** Gives a header block its time, so that nobody can hold one open octet by octet. */
import { ConnectionError, ErrorCode } from './errors.ts'
import type { SessionParts } from './session-parts.ts'
import { WheelTimer } from './timer-wheel.ts'

/** One timer a session, started only for a block that a chunk leaves incomplete. */
export class HeaderWatch {
  private readonly session: SessionParts
  private readonly timer: WheelTimer
  /** Which block the timer is for, counted from the start. */
  private watchedBlock = 0

  constructor(session: SessionParts) {
    this.session = session
    this.timer = new WheelTimer(() => {
      session.shutdown.fail(new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, 'header block too slow'))
    })
  }

  /** A chunk was read: whether it ended within a header block, and how many were complete before that. */
  afterChunk(isInBlock: boolean, blocksRead: number): void {
    if (!isInBlock) {
      if (this.timer.isScheduled) this.stop()
    } else if (!this.timer.isScheduled || this.watchedBlock !== blocksRead) {
      this.watchedBlock = blocksRead
      this.session.options.timers.schedule(this.timer, this.session.options.headerTimeoutMs)
    }
  }

  /** The session is over. */
  stop(): void {
    this.session.options.timers.cancel(this.timer)
  }
}
