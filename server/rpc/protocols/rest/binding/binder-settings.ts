/** The settings of REST that decide how requests are bound. `RestOptions` documents them. */
import type { JsonReadOptions } from '@bufbuild/protobuf'
import type { CodecKind, DEFAULT_CODEC_KIND } from '../../../../../wire/codec/codec-settings.ts'
import type { RestSettings } from '../rest-options.ts'

type BindingOption = 'query' | 'path' | 'unknownFields' | 'bodyWithoutMapping' | 'patchMasks'

/** How the query is read. */
export type QuerySettings = RestSettings['query']

/** The settings of a binder. */
export interface BinderSettings extends Pick<RestSettings, BindingOption> {
  /** How protobuf-es reads JSON: the registry of Any and extensions, and the recursion limit. */
  readonly json?: Partial<JsonReadOptions>
  /** How messages are converted. Default: {@link DEFAULT_CODEC_KIND}. */
  readonly kind?: CodecKind | undefined
  /** Maximum memory of a decoded body, in bytes. Default: 32 MiB. */
  readonly decodeBudgetBytes?: number
}
