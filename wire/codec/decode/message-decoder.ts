/** Decodes the messages of one type from the binary format. */
import { type DescMessage, fromBinary, type Message, protoInt64 } from '@bufbuild/protobuf'
import { DEFAULT_RECURSION_LIMIT, DecodeBudget } from '../../decode-budget/decode-budget.ts'
import { freeBytesOf } from '../../decode-budget/free-bytes.ts'
import { messageCostsOf } from '../../decode-budget/message-costs.ts'
import { countCodec } from '../codec-counts.ts'
import type { BinarySettings } from '../codec-settings.ts'
import { canGenerateCode } from '../function-source.ts'
import { startMeter, stopMeter } from './decode-meter.ts'
import { closureDecode, type DecodeMessage, emitDecode } from './emit-decode.ts'
import { reader } from './octet-reader.ts'
import { startPool } from './read-text.ts'
import type { Fields, FindReader, TypeReader } from './type-reader.ts'
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

/** In short messages, each value of type `bytes` has a buffer of its own, which takes up to this many times what the budget counts. */
const OWN_BUFFER_FACTOR = 2

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
  /** Finds the readers for short messages, which are within any budget. */
  readonly find: FindReader
  /** Finds the readers that charge the budget. */
  readonly findCharging: FindReader
  readonly decodeOf: (type: TypeReader) => DecodeMessage
}

/** By code that is generated for each type. */
export const GENERATED: DecodingPlan = Object.freeze({
  find: readerTable({ generates: true, charges: false }),
  findCharging: readerTable({ generates: true, charges: true }),
  decodeOf: emitDecode,
})

/** By closures, where code cannot be generated. */
export const CLOSURES: DecodingPlan = Object.freeze({
  find: readerTable({ generates: false, charges: false }),
  findCharging: readerTable({ generates: false, charges: true }),
  decodeOf: closureDecode,
})

/** Returns a decoder that is compiled at its first use. */
export function compiledDecoder(
  desc: DescMessage,
  { options = {}, budgetBytes }: Omit<BinarySettings, 'kind'>,
  { find, findCharging, decodeOf }: DecodingPlan,
): MessageDecoder {
  const { recursionLimit = DEFAULT_RECURSION_LIMIT, readUnknownFields = true } = options
  const uncharged = Math.floor(freeBytesOf(messageCostsOf(desc), budgetBytes) / OWN_BUFFER_FACTOR)
  let decodeShort: DecodeMessage | null = null
  let decodeLong: DecodeMessage | null = null
  return {
    decode(octets, start, end) {
      reader.limit = end
      reader.recursionLimit = recursionLimit
      reader.keepsUnknownFields = readUnknownFields
      if (end - start <= uncharged) {
        decodeShort ??= decodeOf(find(desc))
        return decodeShort(octets, start, end) as unknown as Message
      }
      decodeLong ??= decodeOf(findCharging(desc))
      return decodeCharged(decodeLong, { octets, start, end, budgetBytes }) as unknown as Message
    },
  }
}

function decodeCharged(
  decode: DecodeMessage,
  { octets, start, end, budgetBytes }: { octets: Uint8Array; start: number; end: number; budgetBytes: number },
): Fields {
  startMeter(budgetBytes)
  startPool(true)
  try {
    return decode(octets, start, end)
  } finally {
    startPool(false)
    stopMeter()
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
