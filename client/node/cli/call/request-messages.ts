/** The request messages of a call, from the bytes that hold them. */
import { create, type DescMessage, type MessageShape } from '@bufbuild/protobuf'
import type { MetTypes } from '../message/met-types.ts'
import { InputError } from '../terminal/input-error.ts'
import { MAX_LINE_BYTES, readLines } from '../terminal/read-lines.ts'
import { parseMessage } from './json-messages.ts'

/** The one message of a method that takes one: all the data is its JSON, and no data is an empty message. */
export async function readOneMessage<Schema extends DescMessage>(
  schema: Schema,
  data: AsyncIterable<Uint8Array>,
  types: MetTypes,
): Promise<MessageShape<Schema>> {
  const text = await readAll(data)
  return text.trim() === '' ? create(schema) : await parseMessage(schema, text, { place: 'data', types })
}

/** The messages of a method that takes many: a line of JSON each, parsed as it comes. Blank lines are skipped. */
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
