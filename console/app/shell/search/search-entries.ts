/** What can be searched: every declaration that has a page, or a place in one. */
import type { DescEnum, DescEnumValue, DescField, DescMessage, DescMethod, DescService } from '@bufbuild/protobuf'
import { type Api, pathOf } from '../../api/api.ts'
import { linkTo, linkToMember } from '../../route/parse-route.ts'

/** A declaration. */
export interface SearchEntry {
  readonly kind: 'service' | 'method' | 'message' | 'enum' | 'field' | 'value'
  readonly name: string
  /** `name` in lower case. */
  readonly lowerName: string
  /** What it is declared in, in lower case. The members of a type share the text. */
  readonly lowerScope: string
  readonly declaration: DescService | DescMethod | DescMessage | DescEnum | DescField | DescEnumValue
}

/** Goes through the declarations of an API. */
export function* searchEntries({ registry }: Api): Generator<SearchEntry> {
  for (const type of registry) {
    if (type.kind === 'extension') continue
    const lowerType = type.typeName.toLowerCase()
    yield entryOf(type.kind, lowerType.slice(0, -type.name.length), type)
    if (type.kind === 'service') for (const method of type.methods) yield entryOf('method', lowerType, method)
    else if (type.kind === 'message') for (const field of type.fields) yield entryOf('field', lowerType, field)
    else for (const value of type.values) yield entryOf('value', lowerType, value)
  }
}

function entryOf(kind: SearchEntry['kind'], lowerScope: string, declaration: SearchEntry['declaration']): SearchEntry {
  const { name } = declaration
  return { kind, name, lowerName: name.toLowerCase(), lowerScope, declaration }
}

/** Returns what an entry is declared in, such as its package or message. */
export function scopeOf({ declaration }: SearchEntry): string {
  switch (declaration.kind) {
    case 'rpc':
    case 'field':
    case 'enum_value':
      return declaration.parent.typeName
    default:
      return declaration.typeName.slice(0, -declaration.name.length - 1)
  }
}

/** Returns the link to an entry. */
export function linkOf({ declaration }: SearchEntry): string {
  switch (declaration.kind) {
    case 'rpc':
      return linkTo('method', pathOf(declaration))
    case 'field':
      return linkToMember('message', declaration.parent.typeName, declaration.name)
    case 'enum_value':
      return linkToMember('enum', declaration.parent.typeName, declaration.name)
    default:
      return linkTo(declaration.kind, declaration.typeName)
  }
}
