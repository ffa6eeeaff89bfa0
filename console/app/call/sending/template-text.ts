/** Message texts with variables, for messages that are sent again and again. */

/** The values of the variables of one message. */
export interface TemplateValues {
  /** From 1. */
  readonly index: number
  readonly now: Date
  readonly uuid: string
}

/** Replaces `{{index}}`, `{{now}}` (as in JSON of a Timestamp) and `{{uuid}}`. None of the values needs escapes in JSON. */
export function fillTemplate(text: string, { index, now, uuid }: TemplateValues): string {
  return text
    .replaceAll(/\{\{\s*index\s*\}\}/g, String(index))
    .replaceAll(/\{\{\s*now\s*\}\}/g, now.toISOString())
    .replaceAll(/\{\{\s*uuid\s*\}\}/g, uuid)
}

/** Returns a random UUID (RFC 9562, section 5.4). `crypto.randomUUID` needs TLS. */
export function randomUuid(): string {
  const octets = crypto.getRandomValues(new Uint8Array(16))
  octets[6] = ((octets[6] ?? 0) & 0x0f) | 0x40
  octets[8] = ((octets[8] ?? 0) & 0x3f) | 0x80
  const hex = Array.from(octets, (octet) => octet.toString(16).padStart(2, '0')).join('')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
