/** Gives a header block its time, so that nobody can hold one open octet by octet. */
import { ConnectionError, ErrorCode } from './errors.ts'
import type { SessionState } from './session-state.ts'
import type { Shutdown } from './shutdown.ts'
import type { WheelTimer } from './timer-wheel.ts'

/** One timer a session, started only for a block that a chunk leaves incomplete. */
export class HeaderWatch {
  private readonly state: SessionState
  private readonly timer: WheelTimer
  /** Which block the timer is for, counted from the start. */
  private watchedBlock = 0

  constructor(state: SessionState, shutdown: Shutdown) {
    this.state = state
    this.timer = state.createTimer(() => {
      shutdown.fail(new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, 'header block too slow'))
    })
  }

  /** A chunk was read: whether it ended within a header block, and how many were complete before that. */
  afterChunk(isInBlock: boolean, blocksRead: number): void {
    if (!isInBlock) {
      if (this.timer.isScheduled) this.state.cancel(this.timer)
    } else if (!this.timer.isScheduled || this.watchedBlock !== blocksRead) {
      this.watchedBlock = blocksRead
      this.state.schedule(this.timer, this.state.options.headerTimeoutMs)
    }
  }
}
