/** The default authority of a target. */

/** The characters that RFC 3986 (section 3.2) does not allow in an authority. */
const NOT_ALLOWED = /[^A-Za-z0-9\-._~!$&'()*+,;=:@[\]]/gu

/** Returns the endpoint as written, percent-encoded where necessary. `:80` is on `localhost`. */
export function authorityOf(endpoint: string): string {
  const encoded = endpoint.replace(NOT_ALLOWED, (character) => encodeURIComponent(character))
  return encoded.startsWith(':') ? `localhost${encoded}` : encoded
}
