/**
 * The messages between a primary process and its workers. Each function of a server has a channel of its own, by name. Names that begin
 * with `portico.` are those of the server itself. Payloads are what the structured clone algorithm carries, such as bigint, Map and Uint8Array.
 */

/** The other process. */
export interface ProcessLink {
  /**
   * Sends a request and returns the response.
   *
   * @throws what the handler threw, as an Error with its message and `code`; an Error with code `ERR_WORKER_ENDED` if the other process
   * ends, `ERR_WORKER_STALLED` if its queue is full or it does not answer in time, `ERR_WORKER_NO_HANDLER` if no handler was added yet
   */
  request(channel: string, payload: unknown, options?: RequestOptions): Promise<unknown>
  /**
   * Sends a message without a response. Messages of one process arrive in order, and in order with its requests. Returns false if it was
   * dropped, because the other process has ended or too much waits for it.
   */
  send(channel: string, payload: unknown): boolean
}

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

/** The options of a request. */
export interface RequestOptions {
  /** How long to wait for the response, in milliseconds. Default 10,000. */
  readonly timeoutMs?: number
}

/** The primary, as a worker sees it. */
export interface WorkerLink extends ProcessLink {
  /** The number of this worker, from 1. A replacement of a worker has a number of its own. */
  readonly id: number
  /** Answers requests of the primary on a channel, which has one handler. */
  onRequest(channel: string, handler: (payload: unknown) => unknown): void
  /** Receives messages of the primary on a channel; those without a listener are dropped. Returns a function that stops it. */
  onMessage(channel: string, listener: (payload: unknown) => void): () => void
}

/** A worker, as the primary sees it. The same object for as long as the worker runs. */
export interface WorkerHandle extends ProcessLink {
  /** The number of the worker, from 1. */
  readonly id: number
}

/** All workers, as the primary sees them. */
export interface PrimaryLink {
  /** The workers that serve calls now. One that starts can send requests and messages before it is among them. */
  workers(): readonly WorkerHandle[]
  /** Answers requests of workers on a channel, which has one handler. */
  onRequest(channel: string, handler: (payload: unknown, worker: WorkerHandle) => unknown): void
  /** Receives messages of workers on a channel. */
  onMessage(channel: string, listener: (payload: unknown, worker: WorkerHandle) => void): void
  /** Calls the listener for each worker once it serves calls. */
  onStart(listener: (worker: WorkerHandle) => void): void
  /** Calls the listener for each worker that has ended, whatever the reason, even if it never served. */
  onEnd(listener: (worker: WorkerHandle) => void): void
}
