/** Questions of one worker to all: their primary passes them on. */
import type { PartRequest } from './numbered-parts.ts'
import type { WorkerLink } from './worker-link.ts'

/** The channel of a link that the questions go over. */
export const RELAY_CHANNEL = 'relay'

/** How long a worker may take by default, in milliseconds: one that stalls must not keep a caller waiting. */
const ANSWER_MS = 2_000

/** A question to workers. */
export interface RelayRequest {
  /** The channel on which the workers answer. */
  readonly channel: string
  readonly payload: PartRequest
  /** The number of the worker to ask. Default: all, the one that asks included. */
  readonly to?: number
  /** How long each may take, in milliseconds. Default: 2,000. */
  readonly timeoutMs?: number
}

/** What a worker answered. */
export interface WorkerAnswer {
  readonly worker: number
  /** False if it does not answer in time, ended, or has no such part. */
  readonly isAnswered: boolean
  /** Undefined without an answer. */
  readonly value?: unknown
}

/**
 * Asks workers.
 *
 * @returns the answers of the workers that serve, by ascending number
 * @throws as a request of the link, if the primary does not answer
 */
export async function askWorkers(link: WorkerLink, request: RelayRequest): Promise<readonly WorkerAnswer[]> {
  const { timeoutMs = ANSWER_MS } = request
  const answers = await link.request(RELAY_CHANNEL, { ...request, timeoutMs }, { timeoutMs: timeoutMs + ANSWER_MS })
  return answers as readonly WorkerAnswer[]
}
