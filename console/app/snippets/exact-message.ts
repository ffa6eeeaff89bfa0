/** Reads request messages without losing digits of 64-bit integers that were typed as numbers. */
import type { DescMessage, Message, Registry } from '@bufbuild/protobuf'
import { analyseText } from '../message/check/analyse-text.ts'

/**
 * Reads protobuf's JSON.
 *
 * @throws RangeError with the first fault, and where it is
 */
export function exactMessage(schema: DescMessage, text: string, registry: Registry): Message {
  const { message, faults } = analyseText(schema, registry, text)
  if (message !== null) return message
  const fault = faults.find(({ severity }) => severity === 'error')
  throw new RangeError(fault === undefined ? 'The message is not valid.' : fault.message)
}
