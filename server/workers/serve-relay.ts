/** Passes the questions of a worker on to the others. */
import { RELAY_CHANNEL, type RelayRequest, type WorkerAnswer } from './contracts/ask-workers.ts'
import type { PrimaryLink, WorkerHandle } from './contracts/worker-link.ts'

/** Answers `askWorkers` of workers. */
export function serveRelay(link: PrimaryLink): void {
  link.onRequest(RELAY_CHANNEL, (question) => {
    const request = question as RelayRequest
    const asked = link.workers().filter(({ id }) => request.to === undefined || id === request.to)
    return Promise.all(asked.toSorted((a, b) => a.id - b.id).map((worker) => ask(worker, request)))
  })
}

async function ask(worker: WorkerHandle, { channel, payload, timeoutMs }: RelayRequest): Promise<WorkerAnswer> {
  try {
    const value = await worker.request(channel, payload, timeoutMs === undefined ? {} : { timeoutMs })
    return { worker: worker.id, isAnswered: true, value }
  } catch {
    return { worker: worker.id, isAnswered: false }
  }
}
