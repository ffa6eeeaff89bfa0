/** Which message types have validation rules, directly or in a message that they contain. */
import type { DescField, DescMessage, DescOneof } from '@bufbuild/protobuf'

/**
 * The number of the extensions in `buf/validate/validate.proto` for messages, fields and oneofs. Looking for it needs no package, so
 * that a server without rules needs none.
 */
const RULES = 1_159

/** Returns a type and all types that it contains, each once, contained types before those that contain them. */
export function reachableTypes(type: DescMessage): DescMessage[] {
  const seen = new Set<DescMessage>()
  const ordered: DescMessage[] = []
  function visit(each: DescMessage): void {
    if (seen.has(each)) return
    seen.add(each)
    for (const field of each.fields) if (field.message !== undefined) visit(field.message)
    ordered.push(each)
  }
  visit(type)
  return ordered
}

/** Whether a message of the type can violate a rule. */
export function hasRules(type: DescMessage): boolean {
  return reachableTypes(type).some((each) => [each, ...each.fields, ...each.oneofs].some(hasOwnRules))
}

function hasOwnRules({ proto }: DescMessage | DescField | DescOneof): boolean {
  return proto.options?.$unknown?.some(({ no }) => no === RULES) ?? false
}
