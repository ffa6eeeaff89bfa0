/** Reads and writes messages as JSON. */
import type { DescMessage, Message, MessageShape } from '@bufbuild/protobuf'
import { ConnectError } from '@connectrpc/connect'
import { parseJson } from '../../../../wire/json/parse-json.ts'
import { clipSentence } from '../../../../wire/text/clip-text.ts'
import { MessageReader } from '../message/message-reader.ts'
import { MessageWriter } from '../message/message-writer.ts'
import type { MetTypes } from '../message/met-types.ts'
import { ShownGaps } from '../message/shown-gaps.ts'
import { InputError } from '../terminal/program-errors.ts'

/** Where a text comes from, and the types that it may use. */
export interface ParseOptions {
  /** How errors refer to the text, such as `line 3`. */
  readonly place: string
  readonly types: MetTypes
}

/**
 * Reads a message.
 *
 * @throws InputError naming the invalid field or the unknown type
 */
export async function parseMessage<Schema extends DescMessage>(
  schema: Schema,
  text: string,
  { place, types }: ParseOptions,
): Promise<MessageShape<Schema>> {
  try {
    return await types.settle(() => read(schema, text, types))
  } catch (cause) {
    throw new InputError(`${place}: ${clipSentence(reasonOf(cause))}`, { cause })
  }
}

function reasonOf(cause: unknown): string {
  if (cause instanceof ConnectError) return cause.rawMessage
  return cause instanceof Error ? cause.message : 'not JSON'
}

/** Messages nest up to 100 levels, each of which takes two of JSON in a list or a map. */
const JSON_BOUNDS = { maxDepth: 200, budgetBytes: Number.POSITIVE_INFINITY }

function read<Schema extends DescMessage>(schema: Schema, text: string, types: MetTypes): MessageShape<Schema> {
  const { value, mark } = parseJson(text, JSON_BOUNDS)
  return new MessageReader(types, mark).read(schema, value)
}

/** How a message is written. */
export interface FormatOptions {
  readonly types: MetTypes
  /** Fields without presence are written even if they have their default value. */
  readonly emitsDefaults: boolean
  /** Over several lines, to be read. */
  readonly isPretty: boolean
}

/** A message as JSON, and what it leaves out. */
export interface FormattedMessage {
  readonly text: string
  /** A sentence for each gap. */
  readonly gaps: readonly string[]
}

/** Writes a message. */
export async function formatMessage(
  schema: DescMessage,
  message: Message,
  { isPretty, types, emitsDefaults }: FormatOptions,
): Promise<FormattedMessage> {
  return await types.settle(() => {
    const gaps = new ShownGaps()
    const json = new MessageWriter({ types, emitsDefaults, gaps }).write(schema, message)
    return { text: JSON.stringify(json, null, isPretty ? 2 : 0), gaps: gaps.sentences() }
  })
}
