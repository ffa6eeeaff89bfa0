/** The bytes of the request messages: from the command line, a file or standard input. */
import { createReadStream } from 'node:fs'
import { InputError } from '../terminal/input-error.ts'
import type { Io } from '../terminal/io.ts'

/**
 * Opens what `-d` names: `@FILE`, `@` or `@-` for standard input, or the data itself. Without `-d` a method that takes one
 * message gets an empty one, as standard input may belong to somebody else, such as a shell's loop; one that takes many
 * reads standard input.
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
