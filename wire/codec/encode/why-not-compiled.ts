/** Tells which message types only protobuf-es can encode. */
import { type DescMessage, protoInt64 } from '@bufbuild/protobuf'
import { FeatureSet_FieldPresence as Presence, StructSchema } from '@bufbuild/protobuf/wkt'
import { isJson, isUnwrapped } from '../create/member-plan.ts'

/** Returns why a type cannot be compiled. Empty if it can. */
export function whyNotCompiled(desc: DescMessage): string {
  if (!protoInt64.supported) return 'BigInt is turned off (BUF_BIGINT_DISABLE)'
  for (const field of desc.fields) {
    if (field.message === undefined) continue
    const isUnusual = isUnwrapped(field)
      ? field.message.fields.length > 1 || field.message.fields[0]?.presence !== Presence.IMPLICIT
      : isJson(field) && !isSameStruct(field.message)
    if (isUnusual) return 'a well-known type has another definition'
  }
  return ''
}

/** Whether a definition of `google.protobuf.Struct` has the fields of the one that everybody uses. */
function isSameStruct(desc: DescMessage): boolean {
  return desc === StructSchema || signatureOf(desc, new Set()) === signatureOf(StructSchema, new Set())
}

function signatureOf(desc: DescMessage, seen: Set<string>): string {
  if (seen.has(desc.typeName)) return desc.typeName
  seen.add(desc.typeName)
  const fields = desc.fields.map((field) => {
    const type = field.message === undefined ? (field.scalar ?? 'enum') : signatureOf(field.message, seen)
    return `${field.number} ${field.localName} ${field.fieldKind} ${field.oneof?.localName} ${type}`
  })
  return `${desc.typeName} { ${fields.join('; ')} }`
}
