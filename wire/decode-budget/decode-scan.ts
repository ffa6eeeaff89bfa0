/** Adds up the memory that decoding a message would allocate, by walking its tags without allocating. */

import type { FieldCosts, MessageCosts } from './message-costs.ts'
import { UNKNOWN_ENUM_BYTES, UNKNOWN_FIELD_BYTES } from './object-bytes.ts'
import { ScanFrame } from './scan-frame.ts'
import { MALFORMED, WireCursor } from './wire-cursor.ts'
import { WireType } from './wire-type.ts'

/** Limits of a scan. */
export interface ScanLimits {
  readonly budgetBytes: number
  /** Maximum depth of nested messages and groups that the decoder accepts. */
  readonly recursionLimit: number
  /** Whether the decoder keeps unknown fields. */
  readonly keepsUnknownFields: boolean
}

/** The field numbers of a map entry. */
const KEY = 1
const VALUE = 2

const WIDTHS = Object.freeze({ fixed32: 4, fixed64: 8 })

/** Scans one message at a time, and is reused for the next. */
export class DecodeScan {
  readonly #cursor = new WireCursor()
  readonly #frames: ScanFrame[] = []
  #limits: ScanLimits = { budgetBytes: 0, recursionLimit: 0, keepsUnknownFields: true }
  #spentBytes = 0
  /** Memory of the JSON objects that the next message is merged into. */
  #mergedBytes = 0

  /** The memory that decoding the last message allocates, if it is within the budget. */
  get spentBytes(): number {
    return this.#spentBytes
  }

  /**
   * Whether decoding stays within the budget. The scan follows the order of the decoder, and stops where the decoder finds the
   * message malformed: everything decoded before that point is within the budget, too.
   */
  fits(costs: MessageCosts, octets: Uint8Array, limits: ScanLimits): boolean {
    this.#limits = limits
    this.#spentBytes = 0
    this.#mergedBytes = 0
    this.#cursor.open(octets)
    this.#message(costs, octets.byteLength, 0, 0)
    this.#cursor.close()
    return this.#spentBytes <= limits.budgetBytes
  }

  /** Scans a message. False if the scan must stop. */
  #message(costs: MessageCosts, end: number, depth: number, groupNumber: number): boolean {
    const { budgetBytes, recursionLimit } = this.#limits
    if (depth >= recursionLimit) return false
    const cursor = this.#cursor
    const frame = this.#open(costs, depth)
    while (cursor.position < end) {
      const tag = cursor.tag()
      if (tag === MALFORMED) return false
      if (groupNumber !== 0 && (tag & 7) === WireType.END_GROUP) return this.#close(frame, tag >>> 3 === groupNumber)
      if (!this.#field(frame, tag) || this.#spentBytes > budgetBytes) return false
    }
    return this.#close(frame, groupNumber === 0)
  }

  #open(costs: MessageCosts, depth: number): ScanFrame {
    let frame = this.#frames[depth]
    if (frame === undefined) {
      frame = new ScanFrame(depth)
      this.#frames[depth] = frame
    }
    frame.begin(costs, this.#mergedBytes)
    return frame
  }

  #close(frame: ScanFrame, isComplete: boolean): boolean {
    this.#mergedBytes = frame.jsonObjectBytes
    return isComplete
  }

  #field(frame: ScanFrame, tag: number): boolean {
    const number = tag >>> 3
    const wireType = tag & 7
    const field = frame.costs.fields.get(number)
    if (field === undefined) return this.#unknown(frame, wireType)
    switch (field.kind) {
      case 'list':
        return this.#list(frame, field, tag)
      case 'map':
        return this.#entry(frame, field)
      default:
        return this.#single(frame, field)
    }
  }

  #unknown(frame: ScanFrame, wireType: number): boolean {
    if (this.#limits.keepsUnknownFields) this.#spentBytes += UNKNOWN_FIELD_BYTES + frame.addUnknown()
    return this.#cursor.skip(wireType, this.#limits.recursionLimit - frame.depth - 1)
  }

  #single(frame: ScanFrame, field: FieldCosts): boolean {
    this.#spentBytes += field.valueBytes
    if (field.addsProperty) this.#spentBytes += frame.addProperty()
    if (field.knownValues !== null) return this.#closedEnum(frame, field.knownValues)
    if (field.child === null) return this.#cursor.skipValue(field.reading)
    if (field.isJsonObject) return this.#jsonObject(frame, field, field.child)
    this.#mergedBytes = frame.jsonObjectBytes
    const isThere = this.#child(frame, field, field.child)
    frame.jsonObjectBytes = this.#mergedBytes
    return isThere
  }

  #closedEnum(frame: ScanFrame, knownValues: Readonly<Record<number, unknown>>): boolean {
    const value = this.#cursor.varint()
    const isKept = this.#limits.keepsUnknownFields && knownValues[value | 0] === undefined
    if (isKept) this.#spentBytes += UNKNOWN_ENUM_BYTES + frame.addUnknown()
    return value !== MALFORMED
  }

  #jsonObject(frame: ScanFrame, field: FieldCosts, child: MessageCosts): boolean {
    this.#spentBytes += frame.jsonObjectBytes
    const before = this.#spentBytes
    this.#mergedBytes = 0
    const isThere = this.#child(frame, field, child)
    frame.jsonObjectBytes += this.#spentBytes - before + field.valueBytes
    return isThere
  }

  #list(frame: ScanFrame, field: FieldCosts, tag: number): boolean {
    if (field.isPackable && (tag & 7) === WireType.LENGTH) return this.#packed(frame, field, tag >>> 3)
    this.#spentBytes += field.valueBytes + frame.addElements(tag >>> 3, 1)
    if (field.child === null) return this.#cursor.skipValue(field.reading)
    this.#mergedBytes = 0
    return this.#child(frame, field, field.child)
  }

  #packed(frame: ScanFrame, field: FieldCosts, number: number): boolean {
    const cursor = this.#cursor
    const length = cursor.varint()
    if (length === MALFORMED) return false
    const start = cursor.position
    let count: number
    if (field.reading === 'fixed32' || field.reading === 'fixed64') {
      const width = WIDTHS[field.reading]
      count = Math.ceil(Math.min(length, cursor.length - start) / width)
      cursor.position = start + Math.ceil(length / width) * width
    } else {
      count = cursor.countVarints(start + length)
    }
    if (count > 0) this.#spentBytes += count * field.valueBytes + frame.addElements(number, count)
    return cursor.position >= start + length && cursor.isWithin
  }

  #entry(frame: ScanFrame, field: FieldCosts): boolean {
    const cursor = this.#cursor
    const length = cursor.varint()
    if (length === MALFORMED) return false
    const end = cursor.position + length
    let key = 0
    this.#spentBytes += field.valueBytes
    this.#mergedBytes = 0
    while (cursor.position < end) {
      const tag = cursor.tag()
      if (tag === MALFORMED) return false
      if (tag >>> 3 === KEY) key = cursor.mapKey(field.keyReading)
      else if (!this.#inEntry(frame, field, tag)) return false
      if (key === MALFORMED) return false
    }
    this.#spentBytes += frame.addKey(field, key)
    return true
  }

  /** Scans a field of a map entry. A second value in the same entry is merged into the first. */
  #inEntry(frame: ScanFrame, field: FieldCosts, tag: number): boolean {
    if (tag >>> 3 !== VALUE) return this.#cursor.skip(tag & 7, this.#limits.recursionLimit - frame.depth - 1)
    return field.child === null ? this.#cursor.skipValue(field.reading) : this.#child(frame, field, field.child)
  }

  #child(frame: ScanFrame, { groupNumber }: FieldCosts, child: MessageCosts): boolean {
    const cursor = this.#cursor
    if (groupNumber !== 0) return this.#message(child, cursor.length, frame.depth + 1, groupNumber)
    const length = cursor.varint()
    return length !== MALFORMED && this.#message(child, cursor.position + length, frame.depth + 1, 0)
  }
}
