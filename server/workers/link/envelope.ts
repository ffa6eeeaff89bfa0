/** A batch of frames among the other messages between the processes, which a program may send too. */

/** Wraps a batch. */
export function envelopeOf(batch: readonly Uint8Array[]): { portico: readonly Uint8Array[] } {
  return { portico: batch }
}

/** Returns the batch of a message; undefined if the message has none. */
export function batchOf(message: unknown): readonly Uint8Array[] | undefined {
  if (typeof message !== 'object' || message === null || !('portico' in message)) return undefined
  return Array.isArray(message.portico) ? message.portico : undefined
}
