/** Reads the lists of `Accept` and `Accept-Encoding`: values with weights (RFC 9110 section 12.4.2). */

/** A value that a client accepts. */
export interface AcceptedItem {
  /** As it was sent, without its parameters: `gzip`, `application/json`. */
  readonly value: string
  /** From 0 (not acceptable) to 1. */
  readonly weight: number
}

const WEIGHT = /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/

/** Returns the items of a list in its order, without empty ones. */
export function acceptedItems(list: string): AcceptedItem[] {
  return splitOutsideQuotes(list, ',')
    .map(itemOf)
    .filter(({ value }) => value !== '')
}

function itemOf(text: string): AcceptedItem {
  const [value = '', ...parameters] = splitOutsideQuotes(text, ';')
  return { value, weight: weightOf(parameters) }
}

/** Returns the weight among the parameters of an item. An invalid one counts as 0, so the item is not used. */
function weightOf(parameters: readonly string[]): number {
  const weight = parameters.find((parameter) => /^q=/i.test(parameter))?.slice(2)
  if (weight === undefined) return 1
  return WEIGHT.test(weight) ? Number(weight) : 0
}

/** Returns the trimmed parts of a text. A quoted string may contain the separator (RFC 9110 section 5.6.4). */
function splitOutsideQuotes(text: string, separator: string): string[] {
  if (!text.includes('"')) return text.split(separator).map((part) => part.trim())
  const parts: string[] = []
  let start = 0
  let isQuoted = false
  for (let at = 0; at < text.length; at++) {
    const char = text[at]
    if (char === '\\' && isQuoted) at++
    else if (char === '"') isQuoted = !isQuoted
    else if (char === separator && !isQuoted) {
      parts.push(text.slice(start, at).trim())
      start = at + 1
    }
  }
  parts.push(text.slice(start).trim())
  return parts
}
