/** Reads file descriptors: from servers, and from images, which are FileDescriptorSets of compilers and of buf. */
import { readFile } from 'node:fs/promises'
import { fromBinary } from '@bufbuild/protobuf'
import { protoCamelCase } from '@bufbuild/protobuf/reflect'
import { type FileDescriptorProto, FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import { DecodeAllowance } from '../../../../wire/decode-budget/decode-budget.ts'
import { InputError } from '../terminal/program-errors.ts'
import { fieldsOf } from './file-parts.ts'
import type { FilePool } from './file-pool.ts'

/**
 * Decodes the descriptor of a file.
 *
 * @param what what was requested, for errors
 * @throws InputError if the bytes are not a descriptor
 */
export function decodeFile(bytes: Uint8Array, what: string): FileDescriptorProto {
  try {
    return withJsonNames(new DecodeAllowance().decode(FileDescriptorProtoSchema, bytes))
  } catch (cause) {
    const reason = cause instanceof Error ? `: ${cause.message}` : ''
    throw new InputError(`the descriptor of ${what} cannot be decoded${reason}`, { cause })
  }
}

/**
 * Sets missing JSON names, in place. Only protoc's plugins always receive them: the descriptors that C++, Python and Java programs
 * hold at run time lack them.
 */
export function withJsonNames(file: FileDescriptorProto): FileDescriptorProto {
  for (const field of fieldsOf(file)) if (field.jsonName === '') field.jsonName = protoCamelCase(field.name)
  return file
}

/**
 * Reads a binary image into a pool.
 *
 * @throws InputError if the file cannot be read or is not an image
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
 * @throws InputError if the bytes are not an image
 */
export function addImage(bytes: Uint8Array, pool: FilePool): void {
  for (const file of decode(bytes)) pool.add(withJsonNames(file))
}

function decode(bytes: Uint8Array) {
  try {
    return fromBinary(FileDescriptorSetSchema, bytes).file
  } catch (cause) {
    throw new InputError('not a binary FileDescriptorSet', { cause })
  }
}
