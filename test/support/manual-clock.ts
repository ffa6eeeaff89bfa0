/** A clock that stands still until the test moves it. */
import type { Clock, ScheduledTimer } from '../../wire/http2/clock.ts'

interface Alarm {
  readonly atMs: number
  readonly callback: () => void
}

/** Time for tests; timers fire within `advance`, in their order. */
export class ManualClock implements Clock {
  private nowMs = 1_000
  private alarms: Alarm[] = []

  now(): number {
    return this.nowMs
  }

  /** Timers that wait. */
  get pending(): number {
    return this.alarms.length
  }

  schedule(callback: () => void, delayMs: number): ScheduledTimer {
    const alarm = { atMs: this.nowMs + delayMs, callback }
    this.alarms.push(alarm)
    return {
      cancel: () => {
        this.alarms = this.alarms.filter((other) => other !== alarm)
      },
    }
  }

  /** Moves time on, and fires what comes due on the way. */
  advance(ms: number): void {
    const untilMs = this.nowMs + ms
    for (;;) {
      const due = this.alarms.filter((alarm) => alarm.atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0]
      if (due === undefined) break
      this.alarms = this.alarms.filter((other) => other !== due)
      this.nowMs = Math.max(this.nowMs, due.atMs)
      due.callback()
    }
    this.nowMs = untilMs
  }
}
