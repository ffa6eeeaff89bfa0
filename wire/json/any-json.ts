/** The JSON form of google.protobuf.Any. Unknown types have a form of our own: `{"@type": URL, "@value": BASE64}`. */

/** The type name of `Any`. */
export const ANY = 'google.protobuf.Any'

/** The key of the type URL. */
export const TYPE_KEY = '@type'

/** The key of the encoded message of an unknown type. */
export const BYTES_KEY = '@value'

/** The key of the value of types with a special JSON form, such as timestamps. */
export const JSON_KEY = 'value'

/** Returns the type name in a type URL. */
export function typeNameOf(typeUrl: string): string {
  return typeUrl.slice(typeUrl.lastIndexOf('/') + 1)
}
