/** The bytes of messages, as the scripts store and publish them. */
import type { TopicRange } from '../broker/topic-broker.ts'
import type { TopicMessage } from '../topic-hub.ts'

/** Epoch and number of a published message, before the 13 digits of its time. */
const PUBLISHED_HEAD = /^(\S{1,64}) (\d{1,16}) (?=\d{13} )/
const MAX_HEAD_BYTES = 128
/** 13 digits of time and a space. */
const STAMP_BYTES = 14

/** Reads what the script `APPEND` published: epoch, number, time and data, with a space between them. Returns null for anything else. */
export function parsePublished(topic: string, payload: Buffer): TopicMessage | null {
  const head = PUBLISHED_HEAD.exec(payload.toString('latin1', 0, MAX_HEAD_BYTES))
  if (head === null) return null
  const [text, epoch = '', sequence = ''] = head
  return parseStored({ topic, epoch, sequence: BigInt(sequence) }, payload.subarray(text.length))
}

/** Reads the reply of the script `READ`. */
export function parseRange(topic: string, reply: unknown): TopicRange {
  const [epochBytes, last, stored] = reply as [Buffer, Buffer, readonly Buffer[]]
  const epoch = epochBytes.toString('latin1')
  const lastSequence = BigInt(last.toString('latin1'))
  const first = lastSequence - BigInt(stored.length) + 1n
  const messages = stored.map((bytes, index) => parseStored({ topic, epoch, sequence: first + BigInt(index) }, bytes))
  return { epoch, lastSequence, messages }
}

/** Reads the reply of the script `APPEND`: epoch, number, time. */
export function parseAppended(
  message: Pick<TopicMessage, 'topic' | 'data' | 'dataBytes'>,
  reply: unknown,
): TopicMessage {
  const [epoch, sequence, stamp] = (reply as readonly Buffer[]).map((part) => part.toString('latin1'))
  return { ...message, epoch: epoch ?? '', sequence: BigInt(sequence ?? 0), timeMs: Number(stamp) }
}

function parseStored(place: Pick<TopicMessage, 'topic' | 'epoch' | 'sequence'>, bytes: Buffer): TopicMessage {
  const timeMs = Number(bytes.toString('latin1', 0, STAMP_BYTES - 1))
  const dataBytes = bytes.length - STAMP_BYTES
  return { ...place, timeMs, data: bytes.toString('utf8', STAMP_BYTES), dataBytes }
}
