import { expect, test } from 'vitest'
import type { StreamForm } from '../../../../../../../server/rpc/protocols/rest/rest-options.ts'
import { chooseStreamFormat } from '../../../../../../../server/rpc/protocols/rest/streams/choose-stream-format.ts'

type Row = readonly [accept: string | undefined, byDefault: StreamForm, chosen: StreamForm]

const ROWS: readonly Row[] = [
  [undefined, 'ndjson', 'ndjson'],
  ['', 'sse', 'sse'],
  ['*/*', 'jsonArray', 'jsonArray'],
  ['*/*', 'envelope', 'envelope'],
  ['text/event-stream', 'ndjson', 'sse'],
  ['Text/Event-Stream', 'ndjson', 'sse'],
  ['text/*', 'ndjson', 'sse'],
  ['application/x-ndjson', 'jsonArray', 'ndjson'],
  ['application/jsonl', 'sse', 'ndjson'],
  ['application/json', 'ndjson', 'jsonArray'],
  ['application/json;charset=utf-8', 'ndjson', 'jsonArray'],
  ['application/json', 'envelope', 'envelope'],
  // The default is of the range, so it wins within it.
  ['application/*', 'jsonArray', 'jsonArray'],
  ['application/*', 'sse', 'ndjson'],
  // What is named wins over what a range covers.
  ['*/*, text/event-stream', 'ndjson', 'sse'],
  ['application/json, application/x-ndjson', 'sse', 'jsonArray'],
  ['application/json;q=0.5, application/x-ndjson', 'sse', 'ndjson'],
  ['application/json;q=0.5, */*;q=0.1', 'sse', 'jsonArray'],
  ['application/x-ndjson;q=0, */*', 'ndjson', 'sse'],
  ['text/event-stream; q=0.9 , application/json ;q=0.91', 'ndjson', 'jsonArray'],
  // An invalid weight counts as 0.
  ['text/event-stream;q=2, application/json;q=0.1', 'ndjson', 'jsonArray'],
  ['application/json;profile="a,b;q=0";q=0.2, text/event-stream;q=0.1', 'ndjson', 'jsonArray'],
  // A browser that opens the address, and a client that accepts nothing of what there is.
  ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'ndjson', 'ndjson'],
  ['text/html', 'jsonArray', 'jsonArray'],
  ['application/json;q=0', 'jsonArray', 'jsonArray'],
]

test.each(ROWS)('T1 Accept %j with the default %s chooses %s', (accept, defaultFormat, chosen) => {
  expect(chooseStreamFormat(accept, { defaultFormat })).toBe(chosen)
})
