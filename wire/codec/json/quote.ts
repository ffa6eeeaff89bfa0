/** Quotes strings for JSON. */

/** For longer strings, `JSON.stringify` is faster than looking at each character (measured on Node 26). */
const MAX_CHECKED_CHARS = 40

/** Returns a string as JSON, as `JSON.stringify` does: escaped, and with escapes for surrogates without their other half. */
export function quote(text: string): string {
  if (text.length > MAX_CHECKED_CHARS) return JSON.stringify(text)
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    const isPlain = code >= 0x20 && code !== 0x22 && code !== 0x5c && (code < 0xd800 || code > 0xdfff)
    if (!isPlain) return JSON.stringify(text)
  }
  return `"${text}"`
}
