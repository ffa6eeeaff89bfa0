/** A token bucket: what a peer may do at once, and how fast it gets that back. */

/** How large a {@link FloodBudget} is and how fast it refills. */
export interface FloodRate {
  /** Tokens at the start and at most. */
  readonly burst: number
  /** Tokens that come back in a second. */
  readonly perSecond: number
}

/** Counts one kind of costly event. Time comes from the caller, which reads its clock once a chunk. */
export class FloodBudget {
  private readonly rate: FloodRate
  private tokens: number
  private filledAtMs: number

  constructor(rate: FloodRate, nowMs: number) {
    this.rate = rate
    this.tokens = rate.burst
    this.filledAtMs = nowMs
  }

  /** Takes one token; false if there is none, which means a flood. */
  take(nowMs: number): boolean {
    if (nowMs > this.filledAtMs) {
      this.refund(((nowMs - this.filledAtMs) * this.rate.perSecond) / 1_000)
      this.filledAtMs = nowMs
    }
    if (this.tokens < 1) return false
    this.tokens -= 1
    return true
  }

  /** Gives tokens back, for what we did that makes a peer's next event honest. Never above the burst. */
  refund(tokens: number): void {
    this.tokens = Math.min(this.rate.burst, this.tokens + tokens)
  }
}
