/** Parts of workers that belong together: a port of one worker and the same port of the others. */
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
 * Numbers the parts of a channel from 1 in the order in which a process creates them. All workers run one program, so that a part has the
 * same number in each.
 *
 * @param answer answers what the primary asks the part. Default: the primary asks nothing
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
