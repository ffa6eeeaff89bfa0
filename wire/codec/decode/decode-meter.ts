/** Adds up the memory of a message's objects while they are made, in the units of `wire/decode-budget`. */
import type { DescField } from '@bufbuild/protobuf'
import { overBudget } from '../../decode-budget/decode-budget.ts'
import { type FieldCosts, type MessageCosts, messageCostsOf } from '../../decode-budget/message-costs.ts'
import { UNKNOWN_ENUM_BYTES, UNKNOWN_FIELD_BYTES } from '../../decode-budget/object-bytes.ts'
import { ScanFrame } from '../../decode-budget/scan-frame.ts'
import { WireType } from '../../decode-budget/wire-type.ts'
import { reader, uint32 } from './octet-reader.ts'

/** What reading one occurrence of a field costs. Both functions are called with the depth of the message. */
export interface FieldCharge {
  /** Called after the tag. */
  readonly before: (octets: Uint8Array, start: number, tag: number, depth: number) => void
  /** Called after the value, if it is a message of a singular field. */
  readonly after: ((depth: number) => void) | null
}

/** V8 does not use this as an array index. */
const NO_INDEX = 0xffff_ffff
const MAX_FIXED_INDEX = 0xffff

/** Decoding is synchronous, so all messages share one meter. */
const meter = {
  /** Whether the message is charged for. Short messages are within any budget. */
  isOn: false,
  budgetBytes: 0,
  spentBytes: 0,
  /** Memory of the JSON objects that the next message is merged into. */
  mergedBytes: 0,
}

/** By depth, and reused. */
const frames: ScanFrame[] = []
/** What was spent before the JSON object that is being read at each depth. */
const marks: number[] = []

/** Starts a message that is charged for. */
export function startMeter(budgetBytes: number): void {
  meter.isOn = true
  meter.budgetBytes = budgetBytes
  meter.spentBytes = 0
  meter.mergedBytes = 0
}

/** Starts a message that is not charged for. */
export function stopMeter(): void {
  meter.isOn = false
}

/** Starts the charges of one nested message. */
export function openFrame(costs: MessageCosts, depth: number): void {
  let frame = frames[depth]
  if (frame === undefined) {
    frame = new ScanFrame(depth)
    frames[depth] = frame
  }
  frame.begin(costs, meter.mergedBytes)
}

/** Ends the charges of one nested message. */
export function closeFrame(depth: number): void {
  meter.mergedBytes = frameOf(depth).jsonObjectBytes
}

/** Charges for an unknown field, before it is kept. */
export function chargeUnknown(depth: number): void {
  if (meter.isOn) spend(UNKNOWN_FIELD_BYTES + frameOf(depth).addUnknown())
}

/** Charges for an unknown value of a closed enum. */
export function chargeEnumValue(depth: number): void {
  if (meter.isOn) spend(UNKNOWN_ENUM_BYTES + frameOf(depth).addUnknown())
}

/** Returns the costs of a field by the type that it belongs to. */
function costsOf({ parent, number }: DescField): FieldCosts {
  return messageCostsOf(parent).fields.get(number) as FieldCosts
}

/** Returns what a field costs. */
export function chargeOf(field: DescField): FieldCharge {
  const costs = costsOf(field)
  switch (costs.kind) {
    case 'list':
      return listCharge(field.number, costs)
    case 'map':
      return { before: () => spendNew(costs.valueBytes), after: null }
    default:
      if (costs.isJsonObject) return jsonObjectCharge(costs)
      return costs.child === null ? scalarCharge(costs) : messageCharge(costs)
  }
}

/** Returns the function that charges for the key of an entry, which may enlarge the map by more than the entry. */
export function keyCharge(field: DescField): (key: unknown, depth: number) => void {
  const costs = costsOf(field)
  return (key, depth) => spend(frameOf(depth).addKey(costs, indexOf(key, costs.keyReading)))
}

function frameOf(depth: number): ScanFrame {
  return frames[depth] as ScanFrame
}

function spend(bytes: number): void {
  meter.spentBytes += bytes
  if (meter.spentBytes > meter.budgetBytes) throw overBudget(meter.budgetBytes)
}

/** Spends for a value that is not merged into another. */
function spendNew(bytes: number): void {
  meter.mergedBytes = 0
  spend(bytes)
}

function spendSingle({ valueBytes, addsProperty }: FieldCosts, frame: ScanFrame): void {
  spend(addsProperty ? valueBytes + frame.addProperty() : valueBytes)
}

function scalarCharge(costs: FieldCosts): FieldCharge {
  return { before: (_octets, _start, _tag, depth) => spendSingle(costs, frameOf(depth)), after: null }
}

function messageCharge(costs: FieldCosts): FieldCharge {
  return {
    before(_octets, _start, _tag, depth) {
      const frame = frameOf(depth)
      spendSingle(costs, frame)
      meter.mergedBytes = frame.jsonObjectBytes
    },
    after(depth) {
      frameOf(depth).jsonObjectBytes = meter.mergedBytes
    },
  }
}

/** A JSON object is made again, with all that it has, when another occurrence of the field is merged into it. */
function jsonObjectCharge(costs: FieldCosts): FieldCharge {
  return {
    before(_octets, _start, _tag, depth) {
      const frame = frameOf(depth)
      spendSingle(costs, frame)
      spendNew(frame.jsonObjectBytes)
      marks[depth] = meter.spentBytes
    },
    after(depth) {
      frameOf(depth).jsonObjectBytes += meter.spentBytes - (marks[depth] as number) + costs.valueBytes
    },
  }
}

function listCharge(number: number, costs: FieldCosts): FieldCharge {
  const { valueBytes, isPackable } = costs
  return {
    before(octets, start, tag, depth) {
      const count = isPackable && (tag & 7) === WireType.LENGTH ? packedCount(octets, start, costs) : 1
      if (count > 0) spendNew(count * valueBytes + frameOf(depth).addElements(number, count))
    },
    after: null,
  }
}

/** Returns the number of elements of a packed list, before any is read. */
function packedCount(octets: Uint8Array, start: number, { reading }: FieldCosts): number {
  const length = uint32(octets, start)
  const from = reader.position
  const end = Math.min(from + length, reader.limit)
  if (reading === 'fixed32') return Math.ceil((end - from) / 4)
  if (reading === 'fixed64') return Math.ceil((end - from) / 8)
  let count = 0
  for (let at = from; at < end; at += 1) if ((octets[at] as number) < 0x80 || at === end - 1) count += 1
  return count
}

/** Returns the array index that V8 may take a key for, as large an index if it is not known exactly, or {@link NO_INDEX}. */
function indexOf(key: unknown, reading: FieldCosts['keyReading']): number {
  // An entry without a key: the scan takes all of them for 0, which is the key of most.
  if (key === undefined) return 0
  if (typeof key === 'string') return /^\d{1,5}$/.test(key) ? Number(key) : NO_INDEX
  if (typeof key === 'boolean') return Number(key)
  const number = Number(key)
  if (reading === 'fixed32' || reading === 'fixed64')
    return number >= 0 && number <= MAX_FIXED_INDEX ? number : NO_INDEX
  // Only the lowest bits count: an index that is too large for an array costs nothing.
  const low = typeof key === 'bigint' ? Number(BigInt.asIntN(32, key)) : number
  return reading === 'zigzag' && low < 0 ? ~low : low >>> 0
}
