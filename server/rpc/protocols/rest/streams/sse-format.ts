/** Server-sent events (HTML Living Standard, section 9.2): the messages of a stream for `EventSource`. */
import { Buffer } from 'node:buffer'
import type { Message } from '@bufbuild/protobuf'
import { beginLive, endBody, type StreamFormat, writeFramed } from './stream-format.ts'

/** What a method says about its events. */
export interface EventFields {
  /** Returns the id of the event for a message; null for none. */
  idOf(message: Message): string | null
  /** Milliseconds that a client waits before it connects again; null leaves that to the client. */
  readonly retryMs: number | null
}

/** A comment, which clients ignore. */
const HEARTBEAT = Buffer.from(':\n\n')

/**
 * Creates the format of a method. A late error is an event of the type `error`. After it, as after the end, `EventSource` connects again,
 * and states the id of the last event.
 *
 * @param fields null: events have no ids
 */
export function createSseFormat(fields: EventFields | null): StreamFormat {
  const retry = fields === null || fields.retryMs === null ? '' : `retry: ${fields.retryMs}\n\n`
  return Object.freeze<StreamFormat>({
    name: 'sse',
    contentType: 'text/event-stream',
    heartbeat: HEARTBEAT,
    frame: (json, message) => Buffer.from(`${idLine(fields, message)}${dataLines(json)}\n`),
    begin(answer) {
      beginLive(answer)
      if (retry !== '') answer.exchange.write(Buffer.from(retry))
    },
    write: writeFramed,
    end: (answer, { error, trailers }) =>
      endBody(answer, { tail: error === null ? '' : `event: error\n${dataLines(error)}\n`, trailers }),
    wholeError: (error) => error,
  })
}

function idLine(fields: EventFields | null, message: Message): string {
  const id = fields === null ? null : fields.idOf(message)
  return id === null ? '' : `id: ${id}\n`
}

const LINE_BREAK = /\r\n|\r|\n/

/** Each line of the data gets a prefix. JSON has line breaks only if it is indented, as strings escape them. */
function dataLines(json: string): string {
  if (!json.includes('\n') && !json.includes('\r')) return `data: ${json}\n`
  return json
    .split(LINE_BREAK)
    .map((line) => `data: ${line}\n`)
    .join('')
}
