/** The names that fields have in JSON unless their proto says otherwise. */

/** Returns the default JSON name of a field, as `protoc` makes it: underscores are dropped, and what follows them is upper case. */
export function protoJsonName(name: string): string {
  return name.replace(/_+(.?)/g, (_, letter: string) => letter.toUpperCase())
}

/** Returns the JSON name that the proto of a field states; empty if it is the default. Descriptors may leave out the name. */
export function ownJsonName({ name, jsonName }: { readonly name: string; readonly jsonName: string }): string {
  return jsonName === protoJsonName(name) ? '' : jsonName
}
