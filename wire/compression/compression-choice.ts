/** Reads the compressions that options choose. */
import { brotli, type Compression, gzip, zstd } from './compression.ts'

/** The names of our own compressions. `zstd` is there from Node 24 on. */
export type CompressionName = 'gzip' | 'zstd' | 'br'

/** One of our own by its name, or any other as an object, as those of `@connectrpc/connect-node` are. */
export type CompressionChoice = CompressionName | Compression

/** What messages are accepted in without being asked: gzip, and zstd where this Node has it. */
export const DEFAULT_COMPRESSIONS: readonly Compression[] = Object.freeze([gzip, ...(zstd === undefined ? [] : [zstd])])

/** All of our own that this Node has. */
export const COMPRESSIONS: readonly Compression[] = Object.freeze([...DEFAULT_COMPRESSIONS, brotli])

/**
 * @param option the name of the option, for the error
 * @throws RangeError for what is neither the name of a compression nor one
 */
export function readCompression(option: string, choice: CompressionChoice): Compression {
  if (isCompression(choice)) return choice
  const found = COMPRESSIONS.find(({ name }) => name === choice)
  if (found !== undefined) return found
  const names = COMPRESSIONS.map(({ name }) => name).join(', ')
  throw new RangeError(
    `${option} is ${JSON.stringify(choice)}, and must be one of ${names}, or a Compression of Connect`,
  )
}

/** Reads a list of them, the most preferred first. Throws as {@link readCompression} does. */
export function readCompressions(option: string, choices: readonly CompressionChoice[]): readonly Compression[] {
  return Object.freeze(choices.map((choice, index) => readCompression(`${option}[${index}]`, choice)))
}

function isCompression(choice: CompressionChoice): choice is Compression {
  if (typeof choice !== 'object' || choice === null) return false
  const { name, compress, decompress } = choice
  return typeof name === 'string' && typeof compress === 'function' && typeof decompress === 'function'
}
