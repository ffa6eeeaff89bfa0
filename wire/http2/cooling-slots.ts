/** Places of handlers that stay taken for a while after their handler ended: how a peer that wastes handlers is slowed down. */
import type { TimerWheel } from './timer-wheel.ts'
import { WheelTimer } from './timer-wheel.ts'

/** A place stays taken for at least this long, and at most twice as long. */
const COOLING_MS = 100

/** Only counts: one timer gives back what came before its last round, and it runs only while there is something to give. */
export class CoolingSlots {
  private readonly timers: TimerWheel
  private readonly giveBack: (slots: number) => void
  private readonly timer = new WheelTimer(() => this.endRound())
  private fresh = 0
  private cooled = 0
  private isStopped = false

  /** `giveBack` is called with how many places can be used again. */
  constructor(timers: TimerWheel, giveBack: (slots: number) => void) {
    this.timers = timers
    this.giveBack = giveBack
  }

  /** A handler has ended, and its place is not to be used yet. */
  add(): void {
    this.fresh++
    if (!this.timer.isScheduled && !this.isStopped) this.timers.schedule(this.timer, COOLING_MS)
  }

  /** The session is over. */
  stop(): void {
    this.isStopped = true
    this.timers.cancel(this.timer)
  }

  private endRound(): void {
    const slots = this.cooled
    this.cooled = this.fresh
    this.fresh = 0
    if (this.cooled > 0) this.timers.schedule(this.timer, COOLING_MS)
    if (slots > 0) this.giveBack(slots)
  }
}
