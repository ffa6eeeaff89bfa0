/** The state of a scan within one message: the sizes of the objects that grow as fields arrive. */
import type { FieldCosts, MessageCosts } from './message-costs.ts'
import { FIRST_SLOTS, propertiesBytes, SLOT_BYTES } from './object-bytes.ts'

/** An index this far beyond the last slot makes V8 turn the elements of an object into a hash table. */
const MAX_GAP = 1_024

/** Elements of up to 5,000 slots stay an array however few are in use; larger ones while one in 27 is in use. */
const UNCHECKED_SLOTS = 5_000
const MAX_SLOTS_PER_ENTRY = 27

const NO_COSTS: MessageCosts = Object.freeze({
  createdBytes: 0,
  createdProperties: 0,
  maxProperties: 0,
  fields: new Map(),
})

/** One frame per depth of nesting, reused for every message at that depth. */
export class ScanFrame {
  readonly depth: number
  costs = NO_COSTS
  /** Memory charged for JSON objects that a later field may be merged into. */
  jsonObjectBytes = 0
  #properties = 0
  #hasUnknown = false
  /** The field number of the list that was last added to, and its free slots. */
  #list = 0
  #freeSlots = 0
  /** The map that was last added to, and the size of its elements. */
  #map: FieldCosts | null = null
  #mapEntries = 0
  #mapSlots = 0

  constructor(depth: number) {
    this.depth = depth
  }

  /** Starts another message. */
  begin(costs: MessageCosts, jsonObjectBytes: number): void {
    this.costs = costs
    this.jsonObjectBytes = jsonObjectBytes
    this.#properties = costs.createdProperties
    this.#hasUnknown = false
    this.#list = 0
    this.#map = null
  }

  /** Returns the cost of one more property; 0 once the message has all that it can have. */
  addProperty(): number {
    if (this.#properties >= this.costs.maxProperties) return 0
    const before = propertiesBytes(this.#properties)
    this.#properties += 1
    return propertiesBytes(this.#properties) - before
  }

  /** Returns the cost of keeping another unknown field, apart from the field itself. */
  addUnknown(): number {
    if (this.#hasUnknown) return 0
    this.#hasUnknown = true
    return FIRST_SLOTS * SLOT_BYTES + this.addProperty()
  }

  /** Returns the cost of the slots for more elements. Assumes one run per list; returning to an earlier list costs more. */
  addElements(list: number, count: number): number {
    let slots = count
    if (this.#list !== list) {
      this.#list = list
      this.#freeSlots = FIRST_SLOTS
      slots += FIRST_SLOTS
    }
    const usedSlots = Math.min(this.#freeSlots, count)
    this.#freeSlots -= usedSlots
    return (slots - usedSlots) * SLOT_BYTES
  }

  /** Returns the cost of a key that V8 treats as an index, for which it keeps an array with gaps. */
  addKey(map: FieldCosts, index: number): number {
    if (this.#map !== map) {
      this.#map = map
      this.#mapEntries = 0
      this.#mapSlots = 0
    }
    this.#mapEntries += 1
    const before = this.#mapSlots
    if (index < before || index - before >= MAX_GAP) return 0
    const slots = Math.ceil((index + 1) * 1.5) + 16
    if (slots > UNCHECKED_SLOTS && slots > MAX_SLOTS_PER_ENTRY * this.#mapEntries) return 0
    this.#mapSlots = slots
    return (slots - before) * SLOT_BYTES
  }
}
