/** Tells whether text is base64, which node:buffer decodes without complaint whatever it is. */

/** The standard or the URL alphabet, padded or not: what gRPC peers send (gRPC over HTTP/2, Binary-Header). */
const BASE64 = /^(?:[A-Za-z0-9+/_-]{4})*(?:[A-Za-z0-9+/_-]{2}(?:==)?|[A-Za-z0-9+/_-]{3}=?)?$/

/** Whether all of the text is base64 of one value. */
export function isBase64(text: string): boolean {
  return BASE64.test(text)
}

/** Whether the value of a `-bin` header is base64; several values of a key may arrive joined by commas. */
export function isBinaryMetadata(value: string): boolean {
  return value.split(',').every((part) => BASE64.test(part.trim()))
}
