/** Counts calls, or attempts of calls, at no more cost than that of adding one. */

/** Totals since the start. Whoever makes calls tells; anybody may read. */
export class CallCounter {
  started = 0
  /** Those that ended with OK. */
  succeeded = 0
  failed = 0
  /** When the last one was started, by the clock of the channel in milliseconds; -1 before the first. */
  lastStartedAtMs = -1

  /** One begins; `end` follows. */
  begin(nowMs: number): void {
    this.started += 1
    this.lastStartedAtMs = nowMs
  }

  /** One that began is over. */
  end(hasSucceeded: boolean): void {
    if (hasSucceeded) this.succeeded += 1
    else this.failed += 1
  }
}
