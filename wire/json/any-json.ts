/** The JSON of google.protobuf.Any, with a form for types that nobody knows: `{"@type": URL, "@value": BASE64}`. */

/** The full name of the type. */
export const ANY = 'google.protobuf.Any'

/** The key of the type URL. */
export const TYPE_KEY = '@type'

/** The key of the bytes when the type is not known. */
export const BYTES_KEY = '@value'

/** The key of the JSON of types that are no object in JSON, such as timestamps. */
export const JSON_KEY = 'value'

/** The full name in a type URL. */
export function typeNameOf(typeUrl: string): string {
  return typeUrl.slice(typeUrl.lastIndexOf('/') + 1)
}
