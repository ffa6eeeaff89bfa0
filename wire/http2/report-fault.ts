/** Reports what code that is not ours has thrown, so that it harms nothing else. */

/** Receives what a callback has thrown. */
export type FaultHandler = (thrown: unknown) => void

/** Reports a fault as a warning of the process (`process.on('warning')`; printed by default), which goes on. Never throws. */
export function warnOfFault(thrown: unknown): void {
  process.emitWarning(thrown instanceof Error ? thrown : new Error(`a callback threw ${describe(thrown)}`))
}

/** Gives a fault to its handler. If the handler throws, both faults are warnings of the process. Never throws. */
export function reportFault(onFault: FaultHandler, thrown: unknown): void {
  try {
    onFault(thrown)
  } catch (fault) {
    warnOfFault(thrown)
    warnOfFault(fault)
  }
}

/** A callback may throw what cannot be made a string. */
function describe(thrown: unknown): string {
  try {
    return String(thrown)
  } catch {
    return typeof thrown
  }
}
