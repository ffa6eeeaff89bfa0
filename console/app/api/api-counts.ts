/** How much an API has. */
import type { DescMethod } from '@bufbuild/protobuf'
import type { Api } from './api.ts'

/** Numbers of declarations. */
export interface ApiCounts {
  readonly services: number
  readonly methods: number
  readonly messages: number
  readonly enums: number
  /** Numbers of methods, of the kinds that there are. */
  readonly kinds: readonly (readonly [DescMethod['methodKind'], number])[]
}

const KINDS = ['unary', 'server_streaming', 'client_streaming', 'bidi_streaming'] as const

/** Counts the declarations of an API. */
export function apiCounts({ services, registry }: Api): ApiCounts {
  const methods = services.flatMap((service) => service.methods)
  const types = [...registry]
  return {
    services: services.length,
    methods: methods.length,
    messages: types.filter(({ kind }) => kind === 'message').length,
    enums: types.filter(({ kind }) => kind === 'enum').length,
    kinds: KINDS.map((kind) => [kind, methods.filter(({ methodKind }) => methodKind === kind).length] as const).filter(
      ([, count]) => count > 0,
    ),
  }
}
