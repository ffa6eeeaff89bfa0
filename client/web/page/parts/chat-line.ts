/** What the chat publishes on `chat/ROOM`. */
import { fieldOf } from './json-field.ts'

/** Something that somebody said. */
export interface ChatLine {
  readonly name: string
  readonly text: string
}

/** The line as data of a message. */
export function writeChatLine(line: ChatLine): string {
  return JSON.stringify(line)
}

/** Reads a line. Data that is not one, from another program, is shown as it came, without a name. */
export function parseChatLine(data: string): ChatLine {
  const name = fieldOf(data, 'name')
  const text = fieldOf(data, 'text')
  return typeof name === 'string' && typeof text === 'string' ? { name, text } : { name: '', text: data }
}
