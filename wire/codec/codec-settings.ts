/** What a codec of one message type depends on beside the type. */
import type { BinaryReadOptions, BinaryWriteOptions } from '@bufbuild/protobuf'

/** The kinds of codecs. */
export const CODEC_KINDS = ['compiled', 'reflective'] as const

/** How messages are converted: by functions compiled from their descriptors, or by protobuf-es, which walks the descriptors. */
export type CodecKind = (typeof CODEC_KINDS)[number]

/** The kind where none is chosen. */
export const DEFAULT_CODEC_KIND: CodecKind = 'compiled'

/** Settings of the binary codecs. */
export interface BinarySettings {
  readonly kind: CodecKind
  /** The options of protobuf-es. Default: its own defaults. */
  readonly options?: Partial<BinaryReadOptions & BinaryWriteOptions> | undefined
  /** Maximum memory of the objects of one decoded message, in bytes. */
  readonly budgetBytes: number
}
