/** Matches the parts of servers across workers, such as a rate limit in one worker with the same limit in the others. */
import { WorkerError, type WorkerLink } from './worker-link.ts'

/** A request of the primary to a part. */
export interface PartRequest {
  /** The number of the part. */
  readonly part: number
}

/** Answers requests of the primary. */
export type AnswerPart = (request: PartRequest) => unknown

const PARTS = new WeakMap<WorkerLink, Map<string, AnswerPart[]>>()

/**
 * Adds a part to a channel, and numbers it: the first one of the process is 1. All workers run one program and create their parts in the
 * same order, so a number means the same part in each.
 *
 * @param answer answers requests of the primary to the part. Default: there are none
 * @returns the number of the part
 */
export function numberPart(link: WorkerLink, channel: string, answer: AnswerPart = () => undefined): number {
  const channels = PARTS.get(link) ?? new Map<string, AnswerPart[]>()
  PARTS.set(link, channels)
  const known = channels.get(channel)
  if (known !== undefined) return known.push(answer)
  const parts = [answer]
  channels.set(channel, parts)
  link.onRequest(channel, (request) => {
    const { part } = request as PartRequest
    const answerPart = parts[part - 1]
    if (answerPart !== undefined) return answerPart(request as PartRequest)
    throw new WorkerError(`channel "${channel}" has no part ${part} yet`, 'ERR_WORKER_NO_HANDLER')
  })
  return 1
}
