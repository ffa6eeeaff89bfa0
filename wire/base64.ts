/** Validates base64, as node:buffer decodes any text without an error. */

/** The standard or the URL alphabet, padded or not, as gRPC peers send both ("gRPC over HTTP/2", Binary-Header). */
const BASE64 = /^(?:[A-Za-z0-9+/_-]{4})*(?:[A-Za-z0-9+/_-]{2}(?:==)?|[A-Za-z0-9+/_-]{3}=?)?$/

/** Whether the text is the base64 of one value. */
export function isBase64(text: string): boolean {
  return BASE64.test(text)
}

/** Whether the value of a `-bin` field is base64. Several values may arrive joined by commas. */
export function isBinaryMetadata(value: string): boolean {
  return value.split(',').every((part) => BASE64.test(part.trim()))
}
