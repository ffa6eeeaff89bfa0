/** Compares what two codecs make of the same input, more strictly than deep equality does. */

/** The objects that an input consists of: two results must share the same ones with it. */
export type SharedObjects = ReadonlySet<unknown>

const NOTHING_SHARED: SharedObjects = new Set()

/**
 * Returns where two values differ, or null. They are the same when they have the same prototypes, own keys in the same order, the same
 * attributes of properties, and the same values down to -0, NaN and the class of octets.
 */
export function findDifference(ours: unknown, theirs: unknown, shared = NOTHING_SHARED, path = 'value'): string | null {
  if (Object.is(ours, theirs)) return null
  if (!isObject(ours) || !isObject(theirs)) return `${path}: ${show(ours)} instead of ${show(theirs)}`
  if (shared.has(ours) || shared.has(theirs)) return `${path}: only one of the two is an object of the input`
  if (Object.getPrototypeOf(ours) !== Object.getPrototypeOf(theirs)) return `${path}: another prototype`
  if (ours instanceof Uint8Array) return findOctetsDifference(ours, theirs as Uint8Array, path)
  const keys = Reflect.ownKeys(ours)
  const wanted = Reflect.ownKeys(theirs)
  if (keys.length !== wanted.length || keys.some((key, at) => key !== wanted[at])) {
    return `${path}: has ${show(keys)} instead of ${show(wanted)}`
  }
  for (const key of keys) {
    const difference = findPropertyDifference(ours, theirs, key, shared, path)
    if (difference !== null) return difference
  }
  return null
}

function findOctetsDifference(ours: Uint8Array, theirs: Uint8Array, path: string): string | null {
  if (Buffer.compare(ours, theirs) === 0) return null
  const at = ours.findIndex((octet, n) => octet !== theirs[n])
  const [one, other] = [ours, theirs].map((octets) => Buffer.from(octets.subarray(at, at + 16)).toString('hex'))
  return `${path}: ${one} instead of ${other} at ${at}, ${ours.length} octets instead of ${theirs.length}`
}

function findPropertyDifference(
  ours: object,
  theirs: object,
  key: PropertyKey,
  ...[shared, path]: [SharedObjects, string]
): string | null {
  const one = Object.getOwnPropertyDescriptor(ours, key) as PropertyDescriptor
  const other = Object.getOwnPropertyDescriptor(theirs, key) as PropertyDescriptor
  const place = `${path}.${String(key)}`
  if (one.writable !== other.writable || one.enumerable !== other.enumerable) return `${place}: other attributes`
  if (one.configurable !== other.configurable) return `${place}: other attributes`
  return findDifference(one.value, other.value, shared, place)
}

/** Returns all objects that are reachable from a value. */
export function objectsOf(value: unknown, found = new Set<unknown>()): Set<unknown> {
  if (!isObject(value) || found.has(value)) return found
  found.add(value)
  if (ArrayBuffer.isView(value)) return found
  for (const key of Reflect.ownKeys(value)) objectsOf(Object.getOwnPropertyDescriptor(value, key)?.value, found)
  return found
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

/** Returns a value as text for a report. */
export function show(value: unknown): string {
  const text = JSON.stringify(value, function replace(this: Record<string, unknown>, key, given: unknown) {
    // A Buffer has been converted already.
    const inner = given === null || typeof given !== 'object' ? given : this[key]
    if (typeof inner === 'bigint') return `${inner}n`
    if (inner instanceof Uint8Array) return `octets ${Buffer.from(inner).toString('hex')}`
    if (Object.is(inner, -0)) return '-0'
    if (typeof inner === 'number' && !Number.isFinite(inner)) return String(inner)
    return typeof inner === 'symbol' ? String(inner) : inner
  })
  return text === undefined ? String(value) : text.slice(0, 2_000)
}
