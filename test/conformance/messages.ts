/** How the conformance runner talks to the programs under test: protobuf messages, each after its size in four bytes. */
import type { Writable } from 'node:stream'
import { type DescMessage, fromBinary, type MessageShape, toBinary } from '@bufbuild/protobuf'

const PREFIX_BYTES = 4
const MAX_BYTES = 16 * 1024 * 1024

/**
 * Reads messages until the input ends.
 *
 * @throws Error when the input ends within a message, or a message is larger than 16 MiB
 */
export async function* readMessages<Desc extends DescMessage>(
  schema: Desc,
  input: AsyncIterable<Uint8Array>,
): AsyncGenerator<MessageShape<Desc>> {
  let buffered: Buffer = Buffer.alloc(0)
  for await (const chunk of input) {
    buffered = Buffer.concat([buffered, chunk])
    for (let end = endOfFirst(buffered); end <= buffered.length; end = endOfFirst(buffered)) {
      yield fromBinary(schema, buffered.subarray(PREFIX_BYTES, end))
      buffered = buffered.subarray(end)
    }
  }
  if (buffered.length > 0) throw new Error(`the input ends ${buffered.length} bytes into a message`)
}

/** Writes one message in a single piece, so that messages of calls in flight never mix. */
export function writeMessage<Desc extends DescMessage>(
  schema: Desc,
  message: MessageShape<Desc>,
  output: Writable,
): void {
  const body = toBinary(schema, message)
  const prefix = Buffer.alloc(PREFIX_BYTES)
  prefix.writeUInt32BE(body.length)
  output.write(Buffer.concat([prefix, body]))
}

/** Infinity while even the size is incomplete. */
function endOfFirst(buffered: Buffer): number {
  if (buffered.length < PREFIX_BYTES) return Number.POSITIVE_INFINITY
  const size = buffered.readUInt32BE()
  if (size > MAX_BYTES) throw new Error(`a message of ${size} bytes is larger than ${MAX_BYTES}`)
  return PREFIX_BYTES + size
}
