/** The flood budgets of one session. */
import { ConnectionError, ErrorCode } from './errors.ts'
import { FloodBudget } from './flood-budget.ts'
import type { FloodRates } from './options.ts'

/** What a sent DATA frame lets a peer send of WINDOW_UPDATEs: some answer every read with one for each window. */
const WINDOW_UPDATES_A_DATA_FRAME = 10

/** The debug data by which gRPC's clients know that they ask too often, and ask less (gRFC A8). */
export const TOO_MANY_PINGS = 'too_many_pings'

/** What a stream lets a peer send of WINDOW_UPDATEs: one for its opening, one for the connection. */
const WINDOW_UPDATES_A_STREAM = 2

/** Each method that counts throws ENHANCE_YOUR_CALM when its budget is spent. Times are of the session's clock. */
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

  /** A stream that the peer reset with the read that brought it (CVE-2023-44487); `excused` is what is forgiven since the last one. */
  countInstantReset(nowMs: number, excused: number): void {
    this.instantResets.refund(excused)
    if (!this.instantResets.take(nowMs)) throw flood('resets')
  }

  /** A stream that the peer reset early; `earned` is what is forgiven since the last one. */
  countEarlyReset(nowMs: number, earned: number): void {
    this.earlyResets.refund(earned)
    if (!this.earlyResets.take(nowMs)) throw flood('resets')
  }

  /** A message that made us reset its stream (CVE-2025-8671). */
  countMalformed(nowMs: number): void {
    if (!this.malformed.take(nowMs)) throw flood('malformed messages')
  }

  /** A stream above the limit. */
  countRefusal(nowMs: number): void {
    if (!this.refusals.take(nowMs)) throw flood('streams above the limit')
  }

  /** A SETTINGS frame (CVE-2019-9515). */
  countSettings(nowMs: number): void {
    if (!this.settingsFrames.take(nowMs)) throw flood('SETTINGS')
  }

  /** A PING that wants an answer (CVE-2019-9512). */
  countPing(nowMs: number): void {
    if (!this.pings.take(nowMs)) throw new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, TOO_MANY_PINGS)
  }

  /** A WINDOW_UPDATE. */
  countWindowUpdate(nowMs: number): void {
    if (!this.windowUpdates.take(nowMs)) throw flood('WINDOW_UPDATEs')
  }

  /** Something that is legal, costs us little and makes no sense. */
  countGlitch(nowMs: number): void {
    if (!this.glitches.take(nowMs)) throw flood('senseless frames')
  }

  /** We sent a HEADERS frame. */
  sentHeaders(): void {
    this.pings.refund(1)
  }

  /** We sent a DATA frame. */
  sentData(): void {
    this.pings.refund(1)
    this.windowUpdates.refund(WINDOW_UPDATES_A_DATA_FRAME)
  }

  /** A stream was opened. */
  openedStream(): void {
    this.windowUpdates.refund(WINDOW_UPDATES_A_STREAM)
  }
}

function flood(what: string): ConnectionError {
  return new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, `too many ${what}`)
}
