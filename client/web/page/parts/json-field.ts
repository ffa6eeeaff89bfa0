/** Reads JSON that anybody may have written. */

/** The value of a field of the JSON object in the text; undefined when there is no such field, object or JSON. */
export function fieldOf(text: string, name: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null) return undefined
    return Object.getOwnPropertyDescriptor(value, name)?.value
  } catch {
    return undefined
  }
}
