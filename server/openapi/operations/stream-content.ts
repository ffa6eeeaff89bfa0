/** The bodies of streams, by media type. */
import type { StreamForm } from '../../rpc/protocols/rest/rest-options.ts'
import type { Content, MediaType, Schema } from '../model/document.ts'
import type { OpenApiVersion } from '../model/openapi-options.ts'

/** The messages of a stream. */
export interface StreamItems {
  readonly item: Schema
  /** The schema of the last line if the stream fails; null for a stream of requests. */
  readonly failure: Schema | null
  readonly version: OpenApiVersion
}

const NDJSON = 'application/x-ndjson'
const JSON_TYPE = 'application/json'
const SSE = 'text/event-stream'

/** Returns the forms of a stream of requests. */
export function requestStream({ item, version }: StreamItems): Content {
  return {
    [NDJSON]: sequence('ndjson', item, version),
    [JSON_TYPE]: { schema: { type: 'array', items: item } },
  }
}

/** Returns the forms of a stream of responses, the default first. Clients choose by `Accept`. */
export function responseStream({ item, failure, version }: StreamItems, defaultForm: StreamForm): Content {
  const line: Schema = failure === null ? item : { anyOf: [item, errorLine(failure)] }
  const envelope: Schema = failure === null ? item : { anyOf: [resultLine(item), errorLine(failure)] }
  const json: MediaType =
    defaultForm === 'envelope' ? sequence('envelope', envelope, version) : { schema: { type: 'array', items: item } }
  const contents: readonly (readonly [form: StreamForm, type: string, MediaType])[] = [
    ['ndjson', NDJSON, sequence('ndjson', line, version)],
    ['sse', SSE, version === '3.1' ? sequence('sse', item, version) : events(item, failure)],
    [defaultForm === 'envelope' ? 'envelope' : 'jsonArray', JSON_TYPE, json],
  ]
  const sorted = contents.toSorted((a, b) => Number(b[0] === defaultForm) - Number(a[0] === defaultForm))
  return Object.fromEntries(sorted.map(([, type, media]) => [type, media]))
}

/** OpenAPI 3.1 has no word for the items of a sequence, so the schema is that of one item, and an extension says so. */
function sequence(form: StreamForm, item: Schema, version: OpenApiVersion): MediaType {
  return version === '3.1' ? { schema: item, 'x-stream-of-items': form } : { itemSchema: item }
}

/** The fields of an event (OpenAPI 3.2, section 4.14.5). */
function events(item: Schema, failure: Schema | null): MediaType {
  const data = (schema: Schema): Schema => ({
    type: 'string',
    contentMediaType: JSON_TYPE,
    contentSchema: schema,
  })
  const message: Schema = {
    type: 'object',
    properties: { id: { type: 'string' }, data: data(item) },
    required: ['data'],
  }
  const error: Schema = {
    type: 'object',
    properties: { event: { const: 'error' }, data: data(failure ?? {}) },
    required: ['event', 'data'],
  }
  return { itemSchema: failure === null ? message : { anyOf: [message, error] } }
}

function resultLine(item: Schema): Schema {
  return { type: 'object', title: 'Message', properties: { result: item }, required: ['result'] }
}

/** Returns the schema of the last line of a stream that fails. */
export function errorLine(failure: Schema): Schema {
  return {
    type: 'object',
    title: 'Error',
    description: 'The last line of a stream that failed.',
    properties: { error: failure },
    required: ['error'],
  }
}
