/** Reports errors that foreign code has thrown, so that they harm nothing else. */

/** Receives the error that a callback has thrown. */
export type FaultHandler = (thrown: unknown) => void

/** Reports a fault as a process warning (`process.on('warning')`; printed by default). Never throws. */
export function warnOfFault(thrown: unknown): void {
  process.emitWarning(thrown instanceof Error ? thrown : new Error(`a callback threw ${describe(thrown)}`))
}

/** Passes a fault to its handler. If the handler throws, both faults become process warnings. Never throws. */
export function reportFault(onFault: FaultHandler, thrown: unknown): void {
  try {
    onFault(thrown)
  } catch (fault) {
    warnOfFault(thrown)
    warnOfFault(fault)
  }
}

/** A callback may throw a value that cannot be converted to a string. */
function describe(thrown: unknown): string {
  try {
    return String(thrown)
  } catch {
    return typeof thrown
  }
}
