/** Resolves the compressions that options name. */
import { brotli, type Compression, gzip, zstd } from './compression.ts'

/** Names of the built-in compressions. `zstd` needs Node 24. */
export type CompressionName = 'gzip' | 'zstd' | 'br'

/** A built-in compression by name, or any other as an object, such as those of `@connectrpc/connect-node`. */
export type CompressionChoice = CompressionName | Compression

/** The compressions that are accepted by default: gzip, and zstd where this Node has it. */
export const DEFAULT_COMPRESSIONS: readonly Compression[] = Object.freeze([gzip, ...(zstd === undefined ? [] : [zstd])])

/** All built-in compressions that this Node has. */
export const COMPRESSIONS: readonly Compression[] = Object.freeze([...DEFAULT_COMPRESSIONS, brotli])

/**
 * @param option the name of the option, for the error
 * @throws RangeError if the value is neither the name of a compression nor a `Compression`
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

/** Resolves a list, most preferred first. Throws as {@link readCompression} does. */
export function readCompressions(option: string, choices: readonly CompressionChoice[]): readonly Compression[] {
  return Object.freeze(choices.map((choice, index) => readCompression(`${option}[${index}]`, choice)))
}

function isCompression(choice: CompressionChoice): choice is Compression {
  if (typeof choice !== 'object' || choice === null) return false
  const { name, compress, decompress } = choice
  return typeof name === 'string' && typeof compress === 'function' && typeof decompress === 'function'
}
