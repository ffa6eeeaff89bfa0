/** Decodes the messages of one type from the binary format. */
import { type DescMessage, fromBinary, type Message, protoInt64 } from '@bufbuild/protobuf'
import { DecodeBudget } from '../../decode-budget/decode-budget.ts'
import { countCodec } from '../codec-counts.ts'
import type { BinarySettings } from '../codec-settings.ts'
import { canGenerateCode } from '../function-source.ts'
import { closureDecode, type DecodeMessage, emitDecode } from './emit-decode.ts'
import { reader } from './octet-reader.ts'
import type { FindReader, TypeReader } from './type-reader.ts'
import { readerTable } from './type-readers.ts'

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

/** The same as in protobuf-es and other implementations of protobuf. */
const DEFAULT_RECURSION_LIMIT = 100

/** Returns the decoder of a type. */
export function messageDecoder(desc: DescMessage, settings: BinarySettings): MessageDecoder {
  if (settings.kind === 'reflective') return reflectiveDecoder(desc, settings)
  if (protoInt64.supported) return compiledDecoder(desc, settings, canGenerateCode() ? GENERATED : CLOSURES)
  // With the environment variable BUF_BIGINT_DISABLE, protobuf-es represents 64-bit integers as strings.
  countCodec('decode', 'reflective', '64-bit integers are strings')
  return reflectiveDecoder(desc, settings)
}

/** How messages are decoded without protobuf-es. */
export interface DecodingPlan {
  readonly find: FindReader
  readonly decodeOf: (type: TypeReader) => DecodeMessage
}

/** By code that is generated for each type. */
export const GENERATED: DecodingPlan = Object.freeze({ find: readerTable(true), decodeOf: emitDecode })

/** By closures, where code cannot be generated. */
export const CLOSURES: DecodingPlan = Object.freeze({ find: readerTable(false), decodeOf: closureDecode })

/** Returns a decoder that is compiled at its first use. */
export function compiledDecoder(
  desc: DescMessage,
  { options = {}, budgetBytes }: Omit<BinarySettings, 'kind'>,
  { find, decodeOf }: DecodingPlan,
): MessageDecoder {
  const { recursionLimit = DEFAULT_RECURSION_LIMIT, readUnknownFields = true } = options
  const budget = new DecodeBudget(desc, budgetBytes, options)
  let decodeMessage: DecodeMessage | null = null
  return {
    decode(octets, start, end) {
      if (end - start > budget.freeBytes) budget.check(octets.subarray(start, end))
      reader.limit = end
      reader.recursionLimit = recursionLimit
      reader.keepsUnknownFields = readUnknownFields
      decodeMessage ??= decodeOf(find(desc))
      return decodeMessage(octets, start, end) as unknown as Message
    },
  }
}

function reflectiveDecoder(desc: DescMessage, { options, budgetBytes }: BinarySettings): MessageDecoder {
  const budget = new DecodeBudget(desc, budgetBytes, options)
  return {
    decode(octets, start, end) {
      const data = octets.subarray(start, end)
      if (data.byteLength > budget.freeBytes) budget.check(data)
      return fromBinary(desc, new Uint8Array(data), options)
    },
  }
}
