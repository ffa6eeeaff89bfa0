/** The errors of links between processes. */

/** What went wrong on a link; or, for any other code, what the handler in the other process threw. */
export type WorkerErrorCode = 'ERR_WORKER_ENDED' | 'ERR_WORKER_STALLED' | 'ERR_WORKER_NO_HANDLER'

/** A request to another process failed. */
export class WorkerError extends Error {
  override readonly name = 'WorkerError'
  /** A {@link WorkerErrorCode}, or the `code` of what the handler threw. Undefined if that had none. */
  readonly code: string | undefined

  constructor(message: string, code: WorkerErrorCode | (string & {}) | undefined) {
    super(message)
    this.code = code
  }
}
