/** What requests name as `:authority` for a target, where nobody says otherwise. */

/** What RFC 3986 (section 3.2) allows in an authority. */
const NOT_ALLOWED = /[^A-Za-z0-9\-._~!$&'()*+,;=:@[\]]/gu

/** The endpoint as it is written, percent-encoded where it must be; `:80` is on `localhost`. */
export function authorityOf(endpoint: string): string {
  const encoded = endpoint.replace(NOT_ALLOWED, (character) => encodeURIComponent(character))
  return encoded.startsWith(':') ? `localhost${encoded}` : encoded
}
