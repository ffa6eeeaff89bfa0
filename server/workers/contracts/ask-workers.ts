/** Questions of a worker to all workers: the primary passes them on, and returns the answers. */
import type { PartRequest } from './numbered-parts.ts'
import type { PrimaryLink, WorkerHandle, WorkerLink } from './worker-link.ts'

/** The channel of a link that the questions go over. */
const RELAY_CHANNEL = 'portico.relay'

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

type TimedRequest = RelayRequest & { readonly timeoutMs: number }

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
  const timed: TimedRequest = { ...request, timeoutMs }
  const answers = await link.request(RELAY_CHANNEL, timed, { timeoutMs: timeoutMs + ANSWER_MS })
  return answers as readonly WorkerAnswer[]
}

/** Answers `askWorkers` of workers, in the primary. */
export function serveRelay(link: PrimaryLink): void {
  link.onRequest(RELAY_CHANNEL, (question) => {
    const request = question as TimedRequest
    const asked = link.workers().filter(({ id }) => request.to === undefined || id === request.to)
    return Promise.all(asked.toSorted((a, b) => a.id - b.id).map((worker) => ask(worker, request)))
  })
}

async function ask(worker: WorkerHandle, { channel, payload, timeoutMs }: TimedRequest): Promise<WorkerAnswer> {
  try {
    const value = await worker.request(channel, payload, { timeoutMs })
    return { worker: worker.id, isAnswered: true, value }
  } catch {
    return { worker: worker.id, isAnswered: false }
  }
}
