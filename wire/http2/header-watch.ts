/** Limits the time that a peer may take to send a header block. */
import { ConnectionError, ErrorCode } from './errors.ts'
import type { SessionState } from './session-state.ts'
import type { Shutdown } from './shutdown.ts'
import type { WheelTimer } from './timer-wheel.ts'

/** One timer per session, started only when a chunk ends inside a header block. */
export class HeaderWatch {
  private readonly state: SessionState
  private readonly timer: WheelTimer
  /** The number of the block that the timer runs for. */
  private watchedBlock = 0

  constructor(state: SessionState, shutdown: Shutdown) {
    this.state = state
    this.timer = state.createTimer(() => {
      shutdown.fail(new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, 'header block too slow'))
    })
  }

  /** Called after each chunk: whether it ended inside a header block, and how many blocks were complete before. */
  afterChunk(isInBlock: boolean, blocksRead: number): void {
    if (!isInBlock) {
      if (this.timer.isScheduled) this.state.cancel(this.timer)
    } else if (!this.timer.isScheduled || this.watchedBlock !== blocksRead) {
      this.watchedBlock = blocksRead
      this.state.schedule(this.timer, this.state.options.headerTimeoutMs)
    }
  }
}
