/** Tells the calls that are still open that a drain is about to run out of time. */
import { Code, ConnectError } from '@connectrpc/connect'
import type { FastifyInstance } from 'fastify'

/** A call has this long to say goodbye before its connection is cut; of short drains, a fifth. */
const LAST_WORDS_MS = 5_000
const LAST_WORDS_SHARE = 0.2

/**
 * Makes a signal that aborts with UNAVAILABLE shortly before the drain of this Fastify instance runs out, counted from the
 * moment it begins to close.
 *
 * @param given aborts it too; undefined: none does
 */
export function createDrainSignal(app: FastifyInstance, drainTimeoutMs: number, given?: AbortSignal): AbortSignal {
  const controller = new AbortController()
  const lastWordsMs = Math.min(LAST_WORDS_MS, drainTimeoutMs * LAST_WORDS_SHARE)
  let timer: NodeJS.Timeout | undefined
  app.addHook('preClose', async () => {
    const reason = new ConnectError('the server is shutting down', Code.Unavailable)
    timer = setTimeout(() => controller.abort(reason), drainTimeoutMs - lastWordsMs)
  })
  app.addHook('onClose', async () => clearTimeout(timer))
  return given === undefined ? controller.signal : AbortSignal.any([controller.signal, given])
}
