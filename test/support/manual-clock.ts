/** A clock that only the test advances. */
import type { Clock, ScheduledTimer } from '../../wire/http2/clock.ts'

interface Alarm {
  readonly atMs: number
  readonly callback: () => void
}

/** Time for tests; timers fire within `advance`, in order. */
export class ManualClock implements Clock {
  private nowMs = 1_000
  private alarms: Alarm[] = []

  now(): number {
    return this.nowMs
  }

  /** Pending timers. */
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

  /** Advances time, and fires the timers that come due. */
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
