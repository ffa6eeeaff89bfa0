/** Counts calls, or attempts of calls. */

/** Totals since the start. */
export class CallCounter {
  started = 0
  /** Calls that ended with OK. */
  succeeded = 0
  failed = 0
  /** When the last call started, in milliseconds of the owner's clock; -1 before the first. */
  lastStartedAtMs = -1

  /** Counts the start of a call. `end` must follow. */
  begin(nowMs: number): void {
    this.started += 1
    this.lastStartedAtMs = nowMs
  }

  /** Counts the end of a call. */
  end(hasSucceeded: boolean): void {
    if (hasSucceeded) this.succeeded += 1
    else this.failed += 1
  }
}
