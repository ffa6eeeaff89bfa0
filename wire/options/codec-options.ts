/** The options that transports and services pass to protobuf-es, under Connect's names. */
import type { BinaryReadOptions, BinaryWriteOptions, JsonReadOptions, JsonWriteOptions } from '@bufbuild/protobuf'
import type { OptionKinds, OptionShape } from './check-options.ts'

/** How JSON is read and written. */
export type JsonOptions = Partial<JsonReadOptions & JsonWriteOptions>

/** How binary messages are read and written. */
export type BinaryOptions = Partial<BinaryReadOptions & BinaryWriteOptions>

/** The options in `jsonOptions`. */
export const JSON_OPTIONS_SHAPE: OptionShape = Object.freeze({
  kinds: {
    ignoreUnknownFields: ['boolean'],
    alwaysEmitImplicit: ['boolean'],
    enumAsInteger: ['boolean'],
    useProtoFieldName: ['boolean'],
    registry: ['object'],
    recursionLimit: ['number'],
  } satisfies OptionKinds<JsonReadOptions & JsonWriteOptions>,
})

/** The options in `binaryOptions`. */
export const BINARY_OPTIONS_SHAPE: OptionShape = Object.freeze({
  kinds: {
    readUnknownFields: ['boolean'],
    writeUnknownFields: ['boolean'],
    recursionLimit: ['number'],
  } satisfies OptionKinds<BinaryReadOptions & BinaryWriteOptions>,
})
