/** Names for records. */

/** Returns 16 random hexadecimal digits. `crypto.randomUUID` is missing on pages without TLS. */
export function randomId(): string {
  return [...crypto.getRandomValues(new Uint8Array(8))].map((octet) => octet.toString(16).padStart(2, '0')).join('')
}
