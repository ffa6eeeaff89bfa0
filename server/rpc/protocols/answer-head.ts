/** Puts the head of a response together. */

import { userFields } from '../../../wire/user-fields.ts'
import { ResponseBlock } from '../exchange/response-block.ts'
import type { Answer } from './server-protocol.ts'

/** The head of a success: the shared one of the plan, unless the service set headers. */
export function successHead({ plan, responseHeaderIfSet }: Answer, isBodyCompressed = false): ResponseBlock {
  const shared = isBodyCompressed ? plan.compressedHead : plan.head
  if (responseHeaderIfSet === undefined) return shared
  return mergeFields(shared, userFields(responseHeaderIfSet))
}

/** Adds fields to a head; one that the head has already is replaced, as the service knows better. */
export function mergeFields(head: ResponseBlock, added: ResponseBlock['fields']): ResponseBlock {
  if (added.length === 0) return head
  const kept = head.fields.filter(({ name }) => name === 'vary' || !added.some((field) => field.name === name))
  return ResponseBlock.once(head.status, [...kept, ...added])
}
