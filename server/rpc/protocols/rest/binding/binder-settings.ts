/** The options of REST that decide how requests are bound. `RestOptions` documents them. */
import type { JsonReadOptions } from '@bufbuild/protobuf'
import type { PathDecoding } from '../rest-options.ts'
import type { ValueSettings } from './text-type.ts'

/** How the query is read. */
export interface QuerySettings extends ValueSettings {
  readonly unknown: 'reject' | 'ignore'
  readonly ignored: readonly string[]
  readonly besideBody: 'ignore' | 'reject' | 'apply'
  readonly collisions: 'path' | 'query' | 'reject'
  readonly severalValues: 'reject' | 'last'
  readonly plusAsSpace: boolean
  readonly mapEntries: boolean
  readonly maxParameters: number
}

/** The settings of a binder. */
export interface BinderSettings {
  readonly query: QuerySettings
  readonly path: { readonly decoding: PathDecoding; readonly trailingSlash: 'strict' | 'ignore' }
  readonly unknownFields: 'ignore' | 'reject'
  readonly bodyWithoutMapping: 'reject' | 'ignore'
  readonly patchMasks: boolean
  /** How protobuf-es reads JSON: the registry of Any and extensions, and the recursion limit. */
  readonly json?: Partial<JsonReadOptions>
  /** Maximum memory of a decoded body, in bytes. Default: 32 MiB. */
  readonly decodeBudgetBytes?: number
}
