/** Conversions of values in the objects that messages are created from. */
import { setOwn } from '../set-own.ts'

/** Returns a value as it is. */
export function keep(value: unknown): unknown {
  return value
}

/** Makes octets of an array of numbers. */
export function octetsOf(value: unknown): unknown {
  return Array.isArray(value) ? new Uint8Array(value) : value
}

/** Makes a map whose values are converted. Anything but an object is kept, and nothing becomes an empty map. */
export function convertMap(given: unknown, convert: (value: unknown) => unknown): unknown {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return given ?? {}
  const map = {}
  for (const key of Object.keys(given)) {
    setOwn(map, key, convert((given as Record<string, unknown>)[key]))
  }
  return map
}

/** Makes an array whose elements are converted. Anything but an array is kept, and nothing becomes an empty array. */
export function convertList(given: unknown, convert: (value: unknown) => unknown): unknown {
  return Array.isArray(given) ? given.map(convert) : (given ?? [])
}
