/** The log of a port. */

/** The part of pino's interface that a port needs. */
export interface PortLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** Discards everything. */
export const SILENT_LOG: PortLog = Object.freeze({ info() {}, warn() {}, error() {} })

/**
 * Returns a log that ignores exceptions of the given one: logging must not break the port, and there is no other place
 * to report them to.
 */
export function guardPortLog(log: PortLog): PortLog {
  const guarded = (level: keyof PortLog) => (fields: object, message: string) => {
    try {
      log[level](fields, message)
    } catch {
      // There is no other place to report this to.
    }
  }
  return { info: guarded('info'), warn: guarded('warn'), error: guarded('error') }
}
