/** Reads file descriptors as servers and compilers write them. */
import { protoCamelCase } from '@bufbuild/protobuf/reflect'
import { type FileDescriptorProto, FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
import { DecodeAllowance } from '../../../../wire/decode-budget/decode-budget.ts'
import { InputError } from '../terminal/input-error.ts'
import { fieldsOf } from './file-parts.ts'

/**
 * Reads the descriptor of a file.
 *
 * @param what what was asked for, to name in an error
 * @throws InputError when the bytes are not a descriptor
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
 * Fills in the JSON names that are left out, in place. Only protoc's plugins are sure to get them: the descriptors that
 * programs on C++, Python and Java hold at run time have none.
 */
export function withJsonNames(file: FileDescriptorProto): FileDescriptorProto {
  for (const field of fieldsOf(file)) if (field.jsonName === '') field.jsonName = protoCamelCase(field.name)
  return file
}
