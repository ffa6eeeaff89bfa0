/** Tells the calls that are still open that a drain is about to run out of time, and that it has. */
import { Code, ConnectError } from '@connectrpc/connect'
import type { FastifyInstance } from 'fastify'

/** A call has this long to say goodbye before its connection is cut; of short drains, a fifth. */
const LAST_WORDS_MS = 5_000
const LAST_WORDS_SHARE = 0.2

/**
 * Whether a call that failed was ended by a drain, in words of its own or of its handler: not by its client, who left or set a
 * deadline.
 */
export function isCutShort({ code }: ConnectError, drainSignal: AbortSignal): boolean {
  return drainSignal.aborted && code !== Code.Canceled && code !== Code.DeadlineExceeded
}

/**
 * Makes a signal that aborts with UNAVAILABLE shortly before the drain of this Fastify instance runs out, counted from the
 * moment it begins to close.
 *
 * @param given aborts it too; undefined: none does
 */
export function createDrainSignal(app: FastifyInstance, drainTimeoutMs: number, given?: AbortSignal): AbortSignal {
  const lastWordsMs = Math.min(LAST_WORDS_MS, drainTimeoutMs * LAST_WORDS_SHARE)
  const signal = abortAfterClose(app, drainTimeoutMs - lastWordsMs)
  return given === undefined ? signal : AbortSignal.any([signal, given])
}

/** Makes a signal that aborts with UNAVAILABLE when the drain of this Fastify instance has run out of time. */
export function createCutSignal(app: FastifyInstance, drainTimeoutMs: number): AbortSignal {
  return abortAfterClose(app, drainTimeoutMs)
}

function abortAfterClose(app: FastifyInstance, delayMs: number): AbortSignal {
  const controller = new AbortController()
  let timer: NodeJS.Timeout | undefined
  app.addHook('preClose', async () => {
    const reason = new ConnectError('the server is shutting down', Code.Unavailable)
    timer = setTimeout(() => controller.abort(reason), delayMs)
  })
  app.addHook('onClose', async () => clearTimeout(timer))
  return controller.signal
}
