/** Changes encoded messages so that decoders read something else, or fail. */
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import { mutate } from '../fuzz/mutate.ts'
import type { SeededRandom } from '../seeded-random.ts'
import { invalidText, unknownRecord, type WireRecord } from './stray-octets.ts'

const MOST_OCTETS = 60_000

/** Changes the encoded messages of a type: whole fields, nested ones, or single octets. */
export function mutateOctets(octets: Buffer, other: Buffer, random: SeededRandom): Buffer {
  const records = split(octets)
  if (records === null || random.below(4) === 0) return mutate(octets, random).subarray(0, MOST_OCTETS)
  const at = random.below(records.length)
  const chosen = records[at]
  switch (random.below(7)) {
    case 0: // Repeated fields, and later values of singular ones.
      return Buffer.concat([...records, ...(split(other) ?? [])])
    case 1:
      return Buffer.concat([...records, ...(chosen === undefined ? [] : [chosen, chosen])])
    case 2:
      return Buffer.concat(records.toReversed())
    case 3:
      return Buffer.concat(records.toSpliced(at, 0, unknownRecord(random, 2)))
    case 4:
      return Buffer.concat(records.with(at, withWireType(chosen, random)))
    default:
      return Buffer.concat(records.with(at, mutateWithin(chosen, random)))
  }
}

/** Splits a message into its fields. Returns null for a malformed message, or one without fields. */
function split(octets: Buffer): WireRecord[] | null {
  const reader = new BinaryReader(octets)
  const records: WireRecord[] = []
  try {
    while (reader.pos < reader.len) {
      const start = reader.pos
      const [number, wireType] = reader.tag()
      reader.skip(wireType, number)
      records.push(octets.subarray(start, reader.pos))
    }
  } catch {
    return null
  }
  return records.length === 0 ? null : records
}

function withWireType(octets: WireRecord | undefined, random: SeededRandom): WireRecord {
  if (octets === undefined) return Buffer.alloc(0)
  const changed = Buffer.from(octets)
  changed[0] = ((changed[0] as number) & 0xf8) | random.below(8)
  return changed
}

/** Changes what a field contains, and keeps its length right. */
function mutateWithin(octets: WireRecord | undefined, random: SeededRandom): WireRecord {
  if (octets === undefined) return Buffer.alloc(0)
  const reader = new BinaryReader(octets)
  const [number, wireType] = reader.tag()
  if (wireType !== WireType.LengthDelimited) return mutate(octets, random)
  const inner = Buffer.from(reader.bytes())
  const changed = inner.length === 0 ? invalidText(random) : mutateOctets(inner, inner, random)
  return Buffer.from(new BinaryWriter().tag(number, wireType).bytes(changed).finish())
}
