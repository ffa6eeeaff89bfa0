/** Computes the length up to which no message of a type can exceed the budget, so that its contents need no scan. */
import type { FieldCosts, MessageCosts } from './message-costs.ts'
import { FIRST_SLOTS, propertiesBytes, SLOT_BYTES, UNKNOWN_ENUM_BYTES, UNKNOWN_FIELD_BYTES } from './object-bytes.ts'

/** A tag and a value take at least two octets; a packed value takes one. */
const MIN_FIELD_OCTETS = 2

/** The first key of a map can make V8 allocate 1,551 slots; such an entry takes at least five octets. */
const MAX_KEY_BYTES_PER_OCTET = Math.ceil((1_551 * SLOT_BYTES) / 5)

/** The first element of a list. */
const LIST_BYTES = FIRST_SLOTS * SLOT_BYTES

/** Returns the length of the longest message that is within the budget whatever it contains. */
export function freeBytesOf(root: MessageCosts, budgetBytes: number): number {
  const reachable = new Set([root])
  let perOctet = 0
  let hasJsonObjects = false
  for (const costs of reachable) {
    const propertyBytes = steepestGrowth(costs)
    perOctet = Math.max(perOctet, (UNKNOWN_FIELD_BYTES + LIST_BYTES + propertyBytes) / MIN_FIELD_OCTETS)
    for (const field of costs.fields.values()) {
      perOctet = Math.max(perOctet, bytesPerOctet(field, propertyBytes))
      hasJsonObjects ||= field.isJsonObject
      if (field.child !== null) reachable.add(field.child)
    }
  }
  const freeBytes = Math.floor(budgetBytes / perOctet)
  // Each repetition of a JSON object costs as much as everything before it.
  return hasJsonObjects ? Math.min(freeBytes, Math.floor(Math.sqrt(freeBytes))) : freeBytes
}

function bytesPerOctet({ kind, valueBytes, knownValues, isPackable }: FieldCosts, propertyBytes: number): number {
  const enumBytes = knownValues === null ? 0 : UNKNOWN_ENUM_BYTES + LIST_BYTES + propertyBytes
  const slotBytes = kind === 'list' ? LIST_BYTES + SLOT_BYTES : 0
  const bytes = (valueBytes + propertyBytes + enumBytes + slotBytes) / MIN_FIELD_OCTETS
  if (kind === 'map') return bytes + MAX_KEY_BYTES_PER_OCTET
  return isPackable ? Math.max(bytes, valueBytes + SLOT_BYTES) : bytes
}

/** The highest average cost of an added property. */
function steepestGrowth({ createdProperties, maxProperties }: MessageCosts): number {
  const created = propertiesBytes(createdProperties)
  let steepest = 0
  for (let count = createdProperties + 1; count <= maxProperties; count += 1) {
    steepest = Math.max(steepest, (propertiesBytes(count) - created) / (count - createdProperties))
  }
  return steepest
}
