/** Reads text line by line as it arrives, and bounds and validates the lines. */
import { InputError } from './program-errors.ts'

/** A line and its number. */
export interface Line {
  /** Without its line break. */
  readonly text: string
  /** Counted from 1. */
  readonly number: number
}

/**
 * The limit of a line, and of a whole request. JSON takes more bytes than the message, whose size the server limits. The longest string
 * of JavaScript is not much longer.
 */
export const MAX_LINE_BYTES = 256 * 1024 * 1024

const NEWLINE = 0x0a

/**
 * Splits bytes into lines at `\n` or `\r\n`. A last line without a line break counts unless it is empty.
 *
 * @param maxBytes the limit of a line, from 1; default 256 MiB
 * @throws InputError naming a line that is too long or not UTF-8
 */
export async function* readLines(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number = MAX_LINE_BYTES,
): AsyncGenerator<Line, void> {
  let pending: Uint8Array[] = []
  let pendingBytes = 0
  let number = 1
  const takeLine = (): Line => {
    const line = { text: decodeLine(pending, number), number }
    pending = []
    pendingBytes = 0
    number++
    return line
  }
  const append = (part: Uint8Array): void => {
    pendingBytes += part.length
    if (pendingBytes > maxBytes) throw new InputError(`line ${number} is longer than ${maxBytes} bytes`)
    pending.push(part)
  }
  for await (const chunk of chunks) {
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      append(chunk.subarray(start, end))
      yield takeLine()
      start = end + 1
    }
    if (start < chunk.length) append(chunk.subarray(start))
  }
  if (pendingBytes > 0) yield takeLine()
}

function decodeLine(parts: readonly Uint8Array[], number: number): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(parts)).replace(/\r$/, '')
  } catch {
    throw new InputError(`line ${number} is not UTF-8`)
  }
}
