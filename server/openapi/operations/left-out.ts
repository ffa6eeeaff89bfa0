/** The fields that a body does not have, because the path sets them. */
import type { DescField } from '@bufbuild/protobuf'
import type { HttpBinding } from '../../rpc/protocols/rest/binding/http-binding.ts'
import type { LeftOut } from '../schemas/message-schema.ts'

type Tree = Map<DescField, Tree | 'whole'>

/** Returns what the message of the body does not have: the fields of the path, and those that share a oneof with one. */
export function leftOutOf({ body, variables }: HttpBinding): LeftOut {
  const tree: Tree = new Map()
  for (const { fields } of variables) {
    if (body === '*') leaveOut(tree, fields)
    else if (fields[0] === body) leaveOut(tree, fields.slice(1))
  }
  return tree
}

function leaveOut(tree: Tree, [field, ...rest]: readonly DescField[]): void {
  if (field === undefined) return
  for (const sibling of field.oneof?.fields ?? []) if (sibling !== field) tree.set(sibling, 'whole')
  const inside = tree.get(field)
  if (inside === 'whole') return
  if (rest.length === 0) {
    tree.set(field, 'whole')
    return
  }
  const subtree: Tree = inside ?? new Map()
  tree.set(field, subtree)
  leaveOut(subtree, rest)
}
