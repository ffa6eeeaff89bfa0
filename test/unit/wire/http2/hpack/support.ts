/** Helpers for the HPACK tests: octets from hex, and decoders and encoders as the tests want them. */

import type { HeaderBlock } from '../../../../../wire/http2/hpack/header-block.ts'
import type { EncodableField } from '../../../../../wire/http2/hpack/header-field.ts'
import { maxEncodedLength } from '../../../../../wire/http2/hpack/header-field.ts'
import { HpackDecoder, type HpackDecoderOptions } from '../../../../../wire/http2/hpack/hpack-decoder.ts'
import type { HpackEncoder } from '../../../../../wire/http2/hpack/hpack-encoder.ts'

/** Name and value. */
export type Pair = readonly [name: string, value: string]

/** Octets from hex digits with white space between them. */
export function hex(digits: string): Buffer {
  return Buffer.from(digits.replace(/\s/g, ''), 'hex')
}

/** A decoder, by default with the limits of the server. */
export function newDecoder(options: Partial<HpackDecoderOptions> = {}): HpackDecoder {
  return new HpackDecoder({ maxTableSize: 4096, maxHeaderListSize: 16_384, maxFields: 100, ...options })
}

/** Decodes a buffer. */
export function decodeAll(decoder: HpackDecoder, block: Buffer): HeaderBlock {
  return decoder.decode(block, 0, block.length)
}

/** The fields of a block as names and values. */
export function pairsOf(block: HeaderBlock): Pair[] {
  return block.fields.map(({ name, value }) => [name, value])
}

/** Fields to encode from names and values. */
export function fieldsOf(pairs: readonly Pair[]): EncodableField[] {
  return pairs.map(([name, value]) => ({ name, value }))
}

/** The octets of a block. */
export function encodeAll(encoder: HpackEncoder, fields: readonly EncodableField[]): Buffer {
  const out = Buffer.alloc(maxEncodedLength(fields))
  return out.subarray(0, encoder.encode(fields, out, 0))
}

/** A string literal in plain octets, up to 126 of them. */
export function plain(text: string): Buffer {
  return Buffer.concat([Buffer.from([text.length]), Buffer.from(text, 'latin1')])
}

/** A literal with a literal name: kind 0x40 inserts, 0x00 does not, 0x10 never. */
export function literal(kind: number, name: string, value: string): Buffer {
  return Buffer.concat([Buffer.from([kind]), plain(name), plain(value)])
}
