/** What the sensor demo publishes on `sensors/NAME`. */
import { fieldOf } from './json-field.ts'

/** One temperature, and who measured it when, so that the one who did can tell how long it took to come back. */
export interface Reading {
  readonly celsius: number
  /** Names the page that sent it. */
  readonly sender?: string
  /** On the clock of that page. */
  readonly sentMs?: number
}

/** The reading as data of a message. */
export function writeReading(reading: Required<Reading>): string {
  return JSON.stringify(reading)
}

/** Reads a reading, or a bare number as another program might send it; undefined when the data is something else. */
export function parseReading(data: string): Reading | undefined {
  const bare = data.trim() === '' ? Number.NaN : Number(data)
  if (Number.isFinite(bare)) return { celsius: bare }
  const celsius = fieldOf(data, 'celsius')
  if (typeof celsius !== 'number') return undefined
  const sender = fieldOf(data, 'sender')
  const sentMs = fieldOf(data, 'sentMs')
  return typeof sender === 'string' && typeof sentMs === 'number' ? { celsius, sender, sentMs } : { celsius }
}
