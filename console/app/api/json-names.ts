/** The names that fields have in JSON unless their proto says otherwise. */

/** Returns the default JSON name of a field, as `protoc` makes it: underscores are dropped, and what follows them is upper case. */
export function protoJsonName(name: string): string {
  return name.replace(/_+(.?)/g, (_, letter: string) => letter.toUpperCase())
}
