/** Sets properties whose names come from messages. */

/** Sets an own property, also where plain assignment would set the prototype. */
export function setOwn(target: object, key: string, value: unknown): void {
  if (key !== '__proto__') (target as Record<string, unknown>)[key] = value
  else Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true })
}

/** Sets an entry of a map by a key of any type. */
export function setEntry(map: object, key: unknown, value: unknown): void {
  if (typeof key === 'number') (map as Record<number, unknown>)[key] = value
  else setOwn(map, String(key), value)
}
