/** Where types are used. */
import type { DescEnum, DescField, DescMessage, DescMethod } from '@bufbuild/protobuf'
import type { Api } from './api.ts'

/** The uses of a type. */
export interface Uses {
  readonly requests: readonly DescMethod[]
  readonly responses: readonly DescMethod[]
  readonly fields: readonly DescField[]
}

interface GrowingUses {
  readonly requests: DescMethod[]
  readonly responses: DescMethod[]
  readonly fields: DescField[]
}

const indexes = new WeakMap<Api, Map<string, GrowingUses>>()

/** Returns the methods and fields that have a type. */
export function usesOf(type: DescMessage | DescEnum, api: Api): Uses {
  let index = indexes.get(api)
  if (index === undefined) {
    index = indexUses(api)
    indexes.set(api, index)
  }
  return index.get(type.typeName) ?? { requests: [], responses: [], fields: [] }
}

function indexUses({ registry }: Api): Map<string, GrowingUses> {
  const index = new Map<string, GrowingUses>()
  const usesOfName = (name: string) => {
    const known = index.get(name) ?? { requests: [], responses: [], fields: [] }
    index.set(name, known)
    return known
  }
  for (const type of registry) {
    if (type.kind === 'service') {
      for (const method of type.methods) {
        usesOfName(method.input.typeName).requests.push(method)
        usesOfName(method.output.typeName).responses.push(method)
      }
    } else if (type.kind === 'message') {
      for (const field of type.fields) {
        const used = field.message ?? field.enum
        if (used !== undefined) usesOfName(used.typeName).fields.push(field)
      }
    }
  }
  return index
}
