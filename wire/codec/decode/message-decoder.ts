/** Decodes the messages of one type from the binary format. */
import { type DescMessage, fromBinary, type Message } from '@bufbuild/protobuf'
import { DecodeBudget } from '../../decode-budget/decode-budget.ts'
import type { BinarySettings } from '../codec-settings.ts'

/** Decodes messages of one type. */
export interface MessageDecoder {
  /**
   * Decodes `octets[start, end)` as `fromBinary` does. The message keeps no part of the octets.
   *
   * @throws Error where `fromBinary` throws, for malformed octets
   * @throws ConnectError RESOURCE_EXHAUSTED for a message whose objects exceed the budget
   */
  decode(octets: Uint8Array, start: number, end: number): Message
}

/** Returns the decoder of a type. */
export function messageDecoder(desc: DescMessage, { options, budgetBytes }: BinarySettings): MessageDecoder {
  const budget = new DecodeBudget(desc, budgetBytes, options)
  return {
    decode(octets, start, end) {
      const data = octets.subarray(start, end)
      if (data.byteLength > budget.freeBytes) budget.check(data)
      return fromBinary(desc, new Uint8Array(data), options)
    },
  }
}
