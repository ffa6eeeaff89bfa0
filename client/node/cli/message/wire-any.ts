/** Descriptors in which Any has its wire form: a type URL and bytes. */
import { clone, create, createFileRegistry, type FileRegistry } from '@bufbuild/protobuf'
import {
  FieldDescriptorProto_Type,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt'
import { ANY, BYTES_KEY, TYPE_KEY } from '../../../../wire/json/any-json.ts'
import { bareName, fieldsOf, methodsOf } from '../schema/file-parts.ts'
import { isStandInFile } from '../schema/stand-in.ts'

const WIRE_ANY = `${ANY}OnTheWire`

const made = new WeakMap<FileRegistry, FileRegistry>()

/**
 * Returns the same types, except that the JSON of an Any is `{"@type": URL, "@value": BASE64}` for every type, and that of a message
 * without a declaration is base64. Made once per registry.
 */
export function withWireAny(registry: FileRegistry): FileRegistry {
  const known = made.get(registry)
  if (known !== undefined) return known
  const missing = new Set([...registry.files].filter(isStandInFile).flatMap(({ messages }) => messages.map(nameOf)))
  const file = Array.from(registry.files, ({ proto }) => rewritten(proto, missing))
  const wire = createFileRegistry(create(FileDescriptorSetSchema, { file }))
  made.set(registry, wire)
  return wire
}

/** The name that a type has in {@link withWireAny}. */
export function wireNameOf(typeName: string): string {
  return typeName === ANY ? WIRE_ANY : typeName
}

function nameOf({ typeName }: { typeName: string }): string {
  return typeName
}

function rewritten(original: FileDescriptorProto, missing: ReadonlySet<string>): FileDescriptorProto {
  const file = clone(FileDescriptorProtoSchema, original)
  for (const message of file.package === 'google.protobuf' ? file.messageType : []) {
    if (message.name !== 'Any') continue
    message.name = 'AnyOnTheWire'
    for (const field of message.field) field.jsonName = field.number === 1 ? TYPE_KEY : BYTES_KEY
  }
  for (const field of fieldsOf(file)) {
    if (missing.has(bareName(field.typeName))) field.type = FieldDescriptorProto_Type.BYTES
    else field.typeName = wireNameIn(field.typeName)
  }
  for (const method of methodsOf(file)) {
    method.inputType = wireNameIn(method.inputType)
    method.outputType = wireNameIn(method.outputType)
  }
  return file
}

function wireNameIn(typeName: string): string {
  return bareName(typeName) === ANY ? `.${WIRE_ANY}` : typeName
}
