/** Writes header blocks as HEADERS and CONTINUATION frames. */
import { Buffer } from 'node:buffer'
import { FRAME_HEADER_BYTES, FrameFlag, FrameType } from './frame.ts'
import type { FrameOutput } from './frame-output.ts'
import { writeFrameHeader } from './frame-writer.ts'
import { HeaderListTooLargeError, type HeaderSource, HeaderTemplate } from './header-template.ts'
import { type EncodableField, headerListSize, maxEncodedLength } from './hpack/header-field.ts'
import { HpackEncoder } from './hpack/hpack-encoder.ts'
import { hasDate, type PreparedBlock } from './hpack/prepared-block.ts'
import type { PeerSettings } from './settings.ts'

/** Our HPACK table for sending, even if the peer offers more. */
const ENCODER_TABLE_BYTES = 4_096

/** The sending half of a session's header compression. Encodes blocks when they enter the output, in its order. */
export class HeadWriter {
  readonly encoder: HpackEncoder = new HpackEncoder({ maxTableSize: ENCODER_TABLE_BYTES })
  private readonly peer: PeerSettings
  private readonly maxListBytes: number
  private readonly prepared = new Map<HeaderTemplate, PreparedBlock>()

  constructor(peer: PeerSettings, maxListBytes: number) {
    this.peer = peer
    this.maxListBytes = maxListBytes
  }

  /** Throws a {@link HeaderListTooLargeError} for a list that exceeds the limit of the peer or our own. */
  check(source: HeaderSource): void {
    const size = source instanceof HeaderTemplate ? this.prepare(source).size : headerListSize(source)
    const limit = Math.min(this.peer.maxHeaderListSize, this.maxListBytes)
    if (size > limit) throw new HeaderListTooLargeError(size, limit)
  }

  /** Writes the block of a stream; `endStream` is END_STREAM or NONE. `isDated` adds a date, if the peer's limit allows. */
  write(output: FrameOutput, streamId: number, source: HeaderSource, endStream: number, isDated = false): void {
    const prepared = source instanceof HeaderTemplate ? this.prepare(source) : null
    const fields = source as readonly EncodableField[]
    const maxLength = (prepared?.maxLength ?? maxEncodedLength(fields)) + MAX_DATE_LENGTH
    output.reserve(maxLength + FRAME_HEADER_BYTES * (1 + Math.floor(maxLength / this.peer.maxFrameSize)))
    const out = output.buffer
    const payload = output.at + FRAME_HEADER_BYTES
    const written =
      prepared === null
        ? this.encoder.encode(fields, out, payload)
        : this.encoder.encodePrepared(prepared, out, payload)
    const end = isDated && this.takesDate(fields, prepared) ? copyDate(out, written) : written
    if (end - payload <= this.peer.maxFrameSize) {
      const flags = FrameFlag.END_HEADERS | endStream
      writeFrameHeader(out, output.at, end - payload, FrameType.HEADERS, flags, streamId)
      output.at = end
    } else {
      output.at = splitBlock(out, output.at, end - payload, {
        maxFrameSize: this.peer.maxFrameSize,
        streamId,
        endStream,
      })
    }
  }

  /** Whether to add a date: not if the owner has set one. */
  private takesDate(fields: readonly EncodableField[], prepared: PreparedBlock | null): boolean {
    if (prepared?.isDated ?? hasDate(fields)) return false
    return (prepared?.size ?? headerListSize(fields)) + DATE_SIZE <= this.peer.maxHeaderListSize
  }

  private prepare(template: HeaderTemplate): PreparedBlock {
    let block = this.prepared.get(template)
    if (block === undefined) {
      block = this.encoder.prebuild(template.fields)
      this.prepared.set(template, block)
    }
    return block
  }
}

/** How to split a block. */
interface Split {
  readonly maxFrameSize: number
  readonly streamId: number
  readonly endStream: number
}

/** Splits a block of `length` octets, which follows the room for one frame header, into several frames. */
function splitBlock(out: Buffer, at: number, length: number, split: Split): number {
  const { maxFrameSize, streamId, endStream } = split
  const frames = Math.ceil(length / maxFrameSize)
  const block = at + FRAME_HEADER_BYTES
  for (let i = frames - 1; i >= 0; i--) {
    const from = block + i * maxFrameSize
    const size = Math.min(maxFrameSize, length - i * maxFrameSize)
    const header = at + i * (maxFrameSize + FRAME_HEADER_BYTES)
    out.copyWithin(header + FRAME_HEADER_BYTES, from, from + size)
    const type = i === 0 ? FrameType.HEADERS : FrameType.CONTINUATION
    const endHeaders = i === frames - 1 ? FrameFlag.END_HEADERS : FrameFlag.NONE
    writeFrameHeader(out, header, size, type, endHeaders | (i === 0 ? endStream : FrameFlag.NONE), streamId)
  }
  return block + length + (frames - 1) * FRAME_HEADER_BYTES
}

/** Octets to reserve for the `date` field, whatever its encoding. */
const MAX_DATE_LENGTH = 64
/** The size of the field in a header list. All dates have the same length. */
const DATE_SIZE = headerListSize(dateFields())

const dateBlock = Buffer.alloc(MAX_DATE_LENGTH)
let dateLength = 0
let dateSecond = Number.NaN

/**
 * Writes the `date` field (RFC 9110, section 6.6.1) of the current second at an offset, and returns the offset after it. It is a literal
 * that enters no table, so that all connections share its octets.
 */
function copyDate(out: Buffer, offset: number): number {
  const second = Math.floor(Date.now() / 1_000)
  if (second !== dateSecond) {
    dateSecond = second
    dateLength = new HpackEncoder({ maxTableSize: ENCODER_TABLE_BYTES }).encode(dateFields(), dateBlock, 0)
  }
  for (let i = 0; i < dateLength; i++) out[offset + i] = dateBlock[i] as number
  return offset + dateLength
}

function dateFields(): readonly EncodableField[] {
  return [{ name: 'date', value: new Date().toUTCString() }]
}
