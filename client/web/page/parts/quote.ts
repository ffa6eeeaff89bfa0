/** What the server publishes on `stocks/SYMBOL`. */
import { fieldOf } from './json-field.ts'

/** One price. */
export interface Quote {
  readonly price: number
}

/** Reads a quote; undefined when the data is something else. */
export function parseQuote(data: string): Quote | undefined {
  const price = fieldOf(data, 'price')
  return typeof price === 'number' ? { price } : undefined
}
