/** The JSON that the demos publish as the data of messages, and its readers. Other programs may publish anything there. */

/** A price, which the server publishes on `stocks/SYMBOL`. */
export interface Quote {
  readonly price: number
}

/** A temperature, which the sensor demo publishes on `sensors/NAME`. */
export interface Reading {
  readonly celsius: number
  /** Identifies the page that sent it, which alone can measure the round trip. */
  readonly sender?: string
  /** Milliseconds on the clock of that page. */
  readonly sentMs?: number
}

/** A line of the chat, which is published on `chat/ROOM`. */
export interface ChatLine {
  readonly name: string
  readonly text: string
}

/** Returns the quote, or undefined for other data. */
export function parseQuote(data: string): Quote | undefined {
  const price = fieldOf(data, 'price')
  return typeof price === 'number' ? { price } : undefined
}

/** Formats a reading as the data of a message. */
export function writeReading(reading: Required<Reading>): string {
  return JSON.stringify(reading)
}

/** Returns the reading, also of a bare number as another program might send it, or undefined for other data. */
export function parseReading(data: string): Reading | undefined {
  const bare = data.trim() === '' ? Number.NaN : Number(data)
  if (Number.isFinite(bare)) return { celsius: bare }
  const celsius = fieldOf(data, 'celsius')
  if (typeof celsius !== 'number') return undefined
  const sender = fieldOf(data, 'sender')
  const sentMs = fieldOf(data, 'sentMs')
  return typeof sender === 'string' && typeof sentMs === 'number' ? { celsius, sender, sentMs } : { celsius }
}

/** Formats a line as the data of a message. */
export function writeChatLine(line: ChatLine): string {
  return JSON.stringify(line)
}

/** Returns the line. Other data becomes the text of a line without a name. */
export function parseChatLine(data: string): ChatLine {
  const name = fieldOf(data, 'name')
  const text = fieldOf(data, 'text')
  return typeof name === 'string' && typeof text === 'string' ? { name, text } : { name: '', text: data }
}

/** Returns a field of the JSON object in the text; undefined if there is no such field, object or JSON. */
function fieldOf(text: string, name: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null) return undefined
    return Object.getOwnPropertyDescriptor(value, name)?.value
  } catch {
    return undefined
  }
}
