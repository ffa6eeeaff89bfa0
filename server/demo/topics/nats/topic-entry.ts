/**
 * One message of JetStream, which holds one message of a topic or more.
 *
 * JetStream counts per stream, and accepts the next message of a subject only once the one before has its number in the stream. So
 * each topic would publish one message per round trip. Instead, what is published on a topic meanwhile shares a message of JetStream.
 * A header says what it holds:
 *
 *     Portico-Entry: EPOCH SEQUENCE TIME TOTAL [SIZE SIZE ...]
 *
 * EPOCH is that of the topic, SEQUENCE the number of the first message, TIME when the messages were accepted, TOTAL how many bytes of
 * data the topic ever had with these, and SIZE the bytes of each message. Without sizes the data is one message. The size `-` stands
 * for an entry without messages, whose SEQUENCE is the last number of the topic: it keeps that from being dropped with old entries.
 */
import { headers, type MsgHdrs } from '@nats-io/transport-node'
import type { TopicMessage } from '../topic-hub.ts'

/** Where a topic is: what the next entry continues. */
export interface TopicPlace {
  readonly epoch: string
  /** The number of the last message of the topic; 0 before the first. */
  readonly sequence: bigint
  /** The number of the last entry in the stream; 0 if there is none. */
  readonly streamSequence: number
  /** How many bytes of data the topic ever had. */
  readonly totalBytes: number
}

/** What one message of JetStream holds. */
export interface TopicEntry {
  readonly place: TopicPlace
  readonly messages: readonly TopicMessage[]
}

/** A message that waits to be appended. */
export interface UnwrittenMessage {
  readonly data: string
  readonly dataBytes: number
}

const HEADER = 'Portico-Entry'
const NOTHING = '-'

/** Writes the header of the entry that follows a place. */
export function entryHeaders(last: TopicPlace, batch: readonly UnwrittenMessage[], timeMs: number): MsgHdrs {
  const sizes = batch.length === 0 ? ` ${NOTHING}` : batch.length === 1 ? '' : ` ${batch.map(bytesOf).join(' ')}`
  const sequence = last.sequence + (batch.length === 0 ? 0n : 1n)
  const fields = headers()
  fields.set(HEADER, `${last.epoch} ${sequence} ${timeMs} ${totalAfter(last, batch)}${sizes}`)
  return fields
}

/** Returns the entry that was written under a number of the stream. */
export function entryAfter(last: TopicPlace, topic: string, write: WrittenBatch): TopicEntry {
  const { batch, timeMs, streamSequence } = write
  const { epoch } = last
  const messages = batch.map(({ data, dataBytes }, index) => {
    return { topic, epoch, sequence: last.sequence + BigInt(index + 1), timeMs, data, dataBytes }
  })
  const sequence = last.sequence + BigInt(batch.length)
  return { place: { epoch, sequence, streamSequence, totalBytes: totalAfter(last, batch) }, messages }
}

/** What was written. */
export interface WrittenBatch {
  readonly batch: readonly UnwrittenMessage[]
  readonly timeMs: number
  readonly streamSequence: number
}

/** Reads a message of JetStream. Returns null if no broker of ours wrote it. */
export function readEntry(topic: string, stored: StoredEntry): TopicEntry | null {
  const [epoch, first, time, total, ...sizes] = stored.header?.get(HEADER).split(' ') ?? []
  const sequence = wholeNumber(first)
  const timeMs = wholeNumber(time)
  const totalBytes = wholeNumber(total)
  if (!epoch || sequence === null || timeMs === null || totalBytes === null) return null

  const parts = partsOf(stored.data, sizes)
  if (parts === null) return null
  const number = BigInt(sequence)
  const messages = parts.map((part, index) => {
    return { topic, epoch, sequence: number + BigInt(index), timeMs, data: part.toString(), dataBytes: part.length }
  })
  const last = messages.at(-1)?.sequence ?? number
  return { place: { epoch, sequence: last, streamSequence: stored.seq, totalBytes }, messages }
}

/** A message as JetStream returns it. */
export interface StoredEntry {
  readonly header: MsgHdrs | undefined
  readonly data: Uint8Array
  readonly seq: number
}

function partsOf(data: Uint8Array, sizes: readonly string[]): Buffer[] | null {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  if (sizes.length === 0) return [bytes]
  if (sizes[0] === NOTHING) return []
  const parts: Buffer[] = []
  let end = 0
  for (const size of sizes) {
    const start = end
    end += wholeNumber(size) ?? Number.NaN
    parts.push(bytes.subarray(start, end))
  }
  return end === bytes.length ? parts : null
}

function totalAfter(last: TopicPlace, batch: readonly UnwrittenMessage[]): number {
  return batch.reduce((bytes, { dataBytes }) => bytes + dataBytes, last.totalBytes)
}

function bytesOf({ dataBytes }: UnwrittenMessage): number {
  return dataBytes
}

function wholeNumber(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,16}$/.test(text) ? Number(text) : null
}
