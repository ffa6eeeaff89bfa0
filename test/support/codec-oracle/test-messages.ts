/** The messages of protobuf's own conformance tests: proto2, proto3, and editions with delimited fields. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { createFileRegistry, type DescMessage, type FileRegistry, fromBinary } from '@bufbuild/protobuf'
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'

const IMAGE = path.resolve(import.meta.dirname, '../../gen/protobuf/test_messages.binpb')

/** Their files, and those of the well-known types. */
export const TEST_FILES: FileRegistry = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(IMAGE)))

/** The types that have a field of every kind, and the small ones around them. */
export const TEST_MESSAGES: readonly DescMessage[] = [...TEST_FILES].filter(
  (type): type is DescMessage => type.kind === 'message' && type.typeName.startsWith('protobuf_test_messages.'),
)
