/** Reads and sets options by their paths: `listen.http2.resetBurst`. */

/** Returns the value at a path; undefined if there is none. */
export function valueAt(options: object, path: string): unknown {
  return path.split('.').reduce<unknown>((at, key) => (isObject(at) ? at[key] : undefined), options)
}

/** Sets the value at a path. Objects on the way are copied, as they are the program's. */
export function setPath(target: Record<string, unknown>, [key = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) {
    target[key] = value
    return
  }
  const inner = { ...(target[key] as object | undefined) }
  setPath(inner, rest, value)
  target[key] = inner
}

/** Yields the path and value of each option that is not an object of options itself. */
export function* leavesOf(options: object, prefix = ''): Generator<readonly [path: string, value: unknown], void> {
  for (const [key, value] of Object.entries(options)) {
    if (value === undefined) continue
    if (isPlain(value)) yield* leavesOf(value, `${prefix}${key}.`)
    else yield [prefix + key, value]
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function isPlain(value: unknown): value is object {
  return isObject(value) && [Object.prototype, null].includes(Object.getPrototypeOf(value))
}
