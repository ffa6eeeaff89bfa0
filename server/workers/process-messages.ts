/** What a primary and its workers say about the processes themselves. */

/** The channels, by direction. */
export const TO_PRIMARY = {
  /** A message: the worker serves calls. */
  serving: 'portico.process.serving',
  /** A request, so that the worker can wait until it is read: the worker cannot start. */
  failed: 'portico.process.failed',
  /** A message: the worker has crashed, and ends once its calls have. */
  leaving: 'portico.process.leaving',
} as const

/** The channels of the other direction. */
export const TO_WORKER = {
  /** A message: drain and end. */
  drain: 'portico.process.drain',
  /** A request: reload. The response is whether everything was valid. */
  reload: 'portico.process.reload',
} as const

/** What a worker reports once it serves calls. */
export interface Serving {
  /** The line of the log for each address. */
  readonly lines: readonly string[]
  readonly port: number
  /** What a person sees on a terminal. */
  readonly banner: string | undefined
}

/** Why a worker cannot start. */
export interface FailedStart {
  readonly text: string
  /** The exit code. */
  readonly code: number
}

/** How a worker drains. */
export interface DrainOrder {
  readonly delayMs: number
}
