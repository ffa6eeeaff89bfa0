/** Signals for calls that are still open during a drain: the time is nearly over, and the time is over. */
import { Code, ConnectError } from '@connectrpc/connect'
import type { FastifyInstance } from 'fastify'

/** How long before its connection is cut a call is asked to end; a fifth of short drains. */
const LAST_WORDS_MS = 5_000
const LAST_WORDS_SHARE = 0.2

/**
 * Returns whether a drain ended this failed call. A client that cancels, or whose deadline passes, has ended its call
 * itself.
 */
export function isCutShort({ code }: ConnectError, drainSignal: AbortSignal): boolean {
  return drainSignal.aborted && code !== Code.Canceled && code !== Code.DeadlineExceeded
}

/** The time of a drain. */
export interface DrainTime {
  /** The whole time, in milliseconds. */
  readonly totalMs: number
  /** Returns what is left of it when the instance begins to close. A wait for balancers before that counts. */
  leftMs(): number
}

/**
 * Creates a signal that aborts with UNAVAILABLE shortly before the drain time of this Fastify instance is over.
 *
 * @param given aborts the signal too; undefined for none
 */
export function createDrainSignal(app: FastifyInstance, time: DrainTime, given?: AbortSignal): AbortSignal {
  const lastWordsMs = Math.min(LAST_WORDS_MS, time.totalMs * LAST_WORDS_SHARE)
  const signal = abortAfterClose(app, () => time.leftMs() - lastWordsMs)
  return given === undefined ? signal : AbortSignal.any([signal, given])
}

/** Creates a signal that aborts with UNAVAILABLE when the drain time of this Fastify instance is over. */
export function createCutSignal(app: FastifyInstance, time: DrainTime): AbortSignal {
  return abortAfterClose(app, () => time.leftMs())
}

function abortAfterClose(app: FastifyInstance, delayMs: () => number): AbortSignal {
  const controller = new AbortController()
  let timer: NodeJS.Timeout | undefined
  app.addHook('preClose', async () => {
    const reason = new ConnectError('the server is shutting down', Code.Unavailable)
    timer = setTimeout(() => controller.abort(reason), Math.max(0, delayMs()))
  })
  app.addHook('onClose', async () => clearTimeout(timer))
  return controller.signal
}
