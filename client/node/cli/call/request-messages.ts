/** Reads the request messages of a call: from the command line, a file or standard input. */
import { createReadStream } from 'node:fs'
import { create, type DescMessage, type MessageShape } from '@bufbuild/protobuf'
import type { MetTypes } from '../message/met-types.ts'
import type { Io } from '../terminal/io.ts'
import { InputError } from '../terminal/program-errors.ts'
import { MAX_LINE_BYTES, readLines } from '../terminal/read-lines.ts'
import { parseMessage } from './json-messages.ts'

/**
 * Opens what `-d` names: `@FILE`, `@` or `@-` for standard input, or the data itself. Without `-d` a method that takes one
 * message gets an empty one, because standard input may belong to something else, such as a shell loop; a method that takes a
 * stream reads standard input.
 *
 * @param takesOne whether the method takes one message
 */
export function openRequestData(data: string | undefined, takesOne: boolean, io: Io): AsyncIterable<Uint8Array> {
  if (data === '@' || data === '@-') return io.stdin
  if (data?.startsWith('@')) return readFileOf(data.slice(1))
  if (data !== undefined) return textOf(data)
  return takesOne ? textOf('') : io.stdin
}

async function* readFileOf(path: string): AsyncGenerator<Uint8Array, void> {
  try {
    yield* createReadStream(path)
  } catch (cause) {
    throw new InputError(`--data @${path} cannot be read`, { cause })
  }
}

async function* textOf(text: string): AsyncGenerator<Uint8Array, void> {
  yield Buffer.from(text)
}

/** Reads a single message: all the data is its JSON, and no data is an empty message. */
export async function readOneMessage<Schema extends DescMessage>(
  schema: Schema,
  data: AsyncIterable<Uint8Array>,
  types: MetTypes,
): Promise<MessageShape<Schema>> {
  const text = await readAll(data)
  return text.trim() === '' ? create(schema) : await parseMessage(schema, text, { place: 'data', types })
}

/** Reads a message per line of JSON, as the lines arrive. Blank lines are skipped. */
export async function* readMessages<Schema extends DescMessage>(
  schema: Schema,
  data: AsyncIterable<Uint8Array>,
  types: MetTypes,
): AsyncGenerator<MessageShape<Schema>, void> {
  for await (const { text, number } of readLines(data)) {
    if (text.trim() !== '') yield await parseMessage(schema, text, { place: `line ${number}`, types })
  }
}

async function readAll(data: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of data) {
    size += chunk.length
    if (size > MAX_LINE_BYTES) throw new InputError(`data is longer than ${MAX_LINE_BYTES} bytes`)
    chunks.push(chunk)
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))
  } catch {
    throw new InputError('data is not UTF-8')
  }
}
