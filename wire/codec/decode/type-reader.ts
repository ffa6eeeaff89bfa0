/** The functions that read the messages of one type. Positions are arguments, so that nothing is allocated but the message. */
import type { DescMessage } from '@bufbuild/protobuf'

/** A message, by the names of its properties. */
export interface Fields {
  $unknown?: UnknownField[]
  [localName: string]: unknown
}

/** A field that the type of its message does not have, as protobuf-es keeps it in `$unknown`. */
export interface UnknownField {
  readonly no: number
  readonly wireType: number
  readonly data: Uint8Array
}

/**
 * Reads fields into a message up to `end`, or up to the end of the group with the number `group`, if that is not 0. Returns the position
 * after them. A field may pass `end`, as in protobuf-es, but not the limit of the reader.
 */
export type ReadMessage = (
  message: Fields,
  octets: Uint8Array,
  start: number,
  end: number,
  depth: number,
  group: number,
) => number

/** Reads one field after its tag. Returns the position after it. */
export type ReadField = (message: Fields, octets: Uint8Array, start: number, tag: number, depth: number) => number

/** Reads messages of one type. */
export interface TypeReader {
  readonly desc: DescMessage
  /** Makes an empty message. Compiled when it is called first. */
  readonly Message: new () => Fields
  /** Compiled when it is called first. */
  readonly read: ReadMessage
}

/** Finds the readers of types. Types refer to each other, so the function of a reader may not be compiled yet. */
export interface FindReader {
  (desc: DescMessage): TypeReader
  /** Whether the readers charge for what they make. */
  readonly charges: boolean
}
