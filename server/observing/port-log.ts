/** The log of a port. */

/** The part of pino's interface that a port needs. */
export interface PortLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** Drops everything. */
export const SILENT_LOG: PortLog = Object.freeze({ info() {}, warn() {}, error() {} })

/** A log that drops the lines at which the given one throws: the port goes on, and has no other place to report that to. */
export function guardPortLog(log: PortLog): PortLog {
  const guarded = (level: keyof PortLog) => (fields: object, message: string) => {
    try {
      log[level](fields, message)
    } catch {
      // Nobody is left to report to.
    }
  }
  return { info: guarded('info'), warn: guarded('warn'), error: guarded('error') }
}
