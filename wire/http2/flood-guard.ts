/** The flood budgets of one session. */
import { ConnectionError, ErrorCode } from './errors.ts'

/** How large a {@link FloodBudget} is and how fast it refills. */
export interface FloodRate {
  /** Initial and maximum number of tokens. */
  readonly burst: number
  /** Tokens restored per second. */
  readonly perSecond: number
}

/** Counts one kind of event. The caller passes the time, which it reads once per chunk. */
export class FloodBudget {
  private readonly rate: FloodRate
  private tokens: number
  private filledAtMs: number

  constructor(rate: FloodRate, nowMs: number) {
    this.rate = rate
    this.tokens = rate.burst
    this.filledAtMs = nowMs
  }

  /** Takes one token. False if there is none, which means a flood. */
  take(nowMs: number): boolean {
    if (nowMs > this.filledAtMs) {
      this.refund(((nowMs - this.filledAtMs) * this.rate.perSecond) / 1_000)
      this.filledAtMs = nowMs
    }
    if (this.tokens < 1) return false
    this.tokens -= 1
    return true
  }

  /** Returns tokens, up to the burst, for actions of ours that an honest peer answers with such an event. */
  refund(tokens: number): void {
    this.tokens = Math.min(this.rate.burst, this.tokens + tokens)
  }
}

/** A rate for each kind of flood. */
export interface FloodRates {
  readonly reset: FloodRate
  readonly earlyReset: FloodRate
  readonly malformed: FloodRate
  readonly refused: FloodRate
  readonly settings: FloodRate
  readonly ping: FloodRate
  readonly windowUpdate: FloodRate
  readonly glitch: FloodRate
}

/** WINDOW_UPDATEs that a peer may send per DATA frame of ours. Some peers send one per window after every read. */
const WINDOW_UPDATES_PER_DATA_FRAME = 10

/** The debug data by which gRPC clients learn that they ping too often, and ping less (gRFC A8). */
export const TOO_MANY_PINGS = 'too_many_pings'

/** WINDOW_UPDATEs that a peer may send per stream: one for the stream and one for the connection. */
const WINDOW_UPDATES_PER_STREAM = 2

/** Each `count` method throws ENHANCE_YOUR_CALM when its budget is spent. Times are those of the session's clock. */
export class FloodGuard {
  private readonly instantResets: FloodBudget
  private readonly earlyResets: FloodBudget
  private readonly malformed: FloodBudget
  private readonly refusals: FloodBudget
  private readonly settingsFrames: FloodBudget
  private readonly pings: FloodBudget
  private readonly windowUpdates: FloodBudget
  private readonly glitches: FloodBudget

  constructor(rates: FloodRates, nowMs: number) {
    this.instantResets = new FloodBudget(rates.reset, nowMs)
    this.earlyResets = new FloodBudget(rates.earlyReset, nowMs)
    this.malformed = new FloodBudget(rates.malformed, nowMs)
    this.refusals = new FloodBudget(rates.refused, nowMs)
    this.settingsFrames = new FloodBudget(rates.settings, nowMs)
    this.pings = new FloodBudget(rates.ping, nowMs)
    this.windowUpdates = new FloodBudget(rates.windowUpdate, nowMs)
    this.glitches = new FloodBudget(rates.glitch, nowMs)
  }

  /** Counts a stream that the peer reset in the read that brought it (CVE-2023-44487), after a refund of `excused` tokens. */
  countInstantReset(nowMs: number, excused: number): void {
    this.instantResets.refund(excused)
    if (!this.instantResets.take(nowMs)) throw flood('resets')
  }

  /** Counts a stream that the peer reset early, after a refund of `earned` tokens. */
  countEarlyReset(nowMs: number, earned: number): void {
    this.earlyResets.refund(earned)
    if (!this.earlyResets.take(nowMs)) throw flood('resets')
  }

  /** Counts a malformed message, for which we reset its stream (CVE-2025-8671). */
  countMalformed(nowMs: number): void {
    if (!this.malformed.take(nowMs)) throw flood('malformed messages')
  }

  /** Counts a stream above the limit. */
  countRefusal(nowMs: number): void {
    if (!this.refusals.take(nowMs)) throw flood('streams above the limit')
  }

  /** Counts a SETTINGS frame (CVE-2019-9515). */
  countSettings(nowMs: number): void {
    if (!this.settingsFrames.take(nowMs)) throw flood('SETTINGS')
  }

  /** Counts a PING that we must acknowledge (CVE-2019-9512). */
  countPing(nowMs: number): void {
    if (!this.pings.take(nowMs)) throw new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, TOO_MANY_PINGS)
  }

  /** Counts a WINDOW_UPDATE. */
  countWindowUpdate(nowMs: number): void {
    if (!this.windowUpdates.take(nowMs)) throw flood('WINDOW_UPDATEs')
  }

  /** Counts a frame that is legal and cheap, but pointless. */
  countGlitch(nowMs: number): void {
    if (!this.glitches.take(nowMs)) throw flood('pointless frames')
  }

  /** Called for each HEADERS frame that we send. */
  sentHeaders(): void {
    this.pings.refund(1)
  }

  /** Called for each DATA frame that we send. */
  sentData(): void {
    this.pings.refund(1)
    this.windowUpdates.refund(WINDOW_UPDATES_PER_DATA_FRAME)
  }

  /** Called for each stream that is opened. */
  openedStream(): void {
    this.windowUpdates.refund(WINDOW_UPDATES_PER_STREAM)
  }
}

function flood(what: string): ConnectionError {
  return new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, `too many ${what}`)
}
