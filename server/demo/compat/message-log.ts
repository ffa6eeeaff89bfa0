/** How the older greeter's services log what a client sends. */

/** The part of a logger that is needed. pino and Fastify's logger fit. */
export interface MessageLog {
  /** Writes one line: a fixed text, and what varies in fields. */
  info(fields: object, message: string): void
}

/** How many UTF-16 units of a client's text go into a log line. */
export const MAX_LOGGED_LENGTH = 256

/** Logs one message of a client. Its text stays in a field and is cut, so that it cannot forge or flood the log. */
export function logReceived(log: MessageLog, data: string): void {
  const isCut = data.length > MAX_LOGGED_LENGTH
  // A cut may leave half of a surrogate pair.
  const text = isCut ? data.slice(0, MAX_LOGGED_LENGTH).toWellFormed() : data
  log.info({ data: text, dataLength: data.length, isCut }, 'message received')
}
