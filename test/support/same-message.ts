/** Compares messages by everything that a program can see of them: own keys and their order, prototypes, and values. */
import { expect } from 'vitest'

/** Expects two values to be the same throughout. */
export function expectSameMessage(actual: unknown, expected: unknown): void {
  expect(shapeOf(actual)).toEqual(shapeOf(expected))
  if (typeof expected === 'object') expect(Object.getPrototypeOf(actual)).toBe(Object.getPrototypeOf(expected))
}

/** Returns a value in a form in which deep equality compares prototypes and the order of keys too. */
function shapeOf(value: unknown): unknown {
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : value
  if (typeof value !== 'object' || value === null) return value
  const prototype: unknown = Object.getPrototypeOf(value)
  if (value instanceof Uint8Array) return { prototype: value.constructor.name, octets: [...value] }
  const keys = Reflect.ownKeys(value)
  const values = keys.map((key) => shapeOf(Reflect.get(value, key)))
  return { prototype: prototypeOf(prototype), keys, values }
}

/** Names the built-in prototypes, and shows the properties of others, which protobuf-es makes for each type. */
function prototypeOf(prototype: unknown): unknown {
  if (prototype === Object.prototype) return 'Object'
  if (prototype === Array.prototype) return 'Array'
  return prototype
}
