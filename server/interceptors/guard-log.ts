/** Makes a logger that cannot fail those who log. */

/** Where unexpected errors are reported: the part of pino's interface that is needed. */
export interface ErrorLog {
  error(fields: object, message: string): void
}

/** A log that drops lines which the given one throws at: there is no other place to report that to. */
export function guardLog(log: ErrorLog): ErrorLog {
  return {
    error(fields, message) {
      try {
        const returned: unknown = log.error(fields, message)
        if (returned !== undefined) Promise.resolve(returned).catch(() => {})
      } catch {
        // Nobody is left to be told.
      }
    },
  }
}
