/** Descriptors from a file: a google.protobuf.FileDescriptorSet, or the image of buf, which is one too. */
import { readFile } from 'node:fs/promises'
import { fromBinary } from '@bufbuild/protobuf'
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import { InputError } from '../terminal/input-error.ts'
import { withJsonNames } from './decode-file.ts'
import type { FilePool } from './file-pool.ts'

/**
 * Reads a binary image into a pool.
 *
 * @throws InputError when the file cannot be read or is not an image
 */
export async function readImage(path: string, pool: FilePool): Promise<void> {
  try {
    addImage(await readFile(path), pool)
  } catch (cause) {
    if (cause instanceof InputError) throw new InputError(`${path}: ${cause.message}`, { cause })
    throw new InputError(`${path} cannot be read`, { cause })
  }
}

/**
 * Adds the files of an image to a pool.
 *
 * @throws InputError when the bytes are not an image
 */
export function addImage(bytes: Uint8Array, pool: FilePool): void {
  for (const file of decode(bytes)) pool.add(withJsonNames(file))
}

function decode(bytes: Uint8Array) {
  try {
    return fromBinary(FileDescriptorSetSchema, bytes).file
  } catch (cause) {
    throw new InputError('this is not a binary FileDescriptorSet', { cause })
  }
}
